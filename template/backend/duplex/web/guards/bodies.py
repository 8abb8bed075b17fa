"""A limit on the size of REST requests, whose bodies are read into memory before validation."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duplex.web.errors import ApiError

MOST = 256 * 1024
"""Bytes; far more than any form of ours."""


class BodyLimit:
    """Answers 413 when a body turns out to be too long; stops reading there."""

    def __init__(self, app: ASGIApp, *, most: int = MOST) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise ApiError(413, "too_big", "This request is too long.")
            return message

        await self._app(scope, receive_limited, send)

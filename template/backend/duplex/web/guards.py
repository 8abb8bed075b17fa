"""Middleware that refuses requests before they reach a route. Plain ASGI."""

import logging

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duplex.settings.base import Settings
from duplex.socket.origins import is_known
from duplex.socket.rates import Reports
from duplex.web.errors import ApiError, Problem

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


_reports = Reports(logging.getLogger("duplex"))

_SENTENCE = "This server does not serve this host name. Its operator sets ALLOWED_HOSTS."


class KnownHosts:
    """Answers 421 unless `Host` names this server: see `duplex.socket.origins`."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] not in ("http", "websocket") or self._known(scope):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket" and "websocket.http.response" not in scope["extensions"]:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": _SENTENCE})
            return
        problem = Problem(error=_SENTENCE, code="misdirected_request")
        await JSONResponse(problem.model_dump(), 421)(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        # A request without `Host` comes from no browser.
        host = next((value for name, value in scope["headers"] if name == b"host"), b"localhost")
        settings = self._settings
        text = host.decode("latin-1")
        pages = (*settings.allowed_origins, settings.public_url)
        if is_known(text, settings.host, settings.allowed_hosts, pages):
            return True
        _reports.warn("refused a request for the host %.200r: ALLOWED_HOSTS does not list it", text)
        return False

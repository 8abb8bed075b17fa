"""Reports a failed start in one line, without a traceback."""

import logging

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("duplex")

_NOT_STARTED = "The application was not started."


class CannotStart(Exception):
    """Raised while the application starts; the sentence tells the operator what is missing."""


class Starting:
    """Reports only the sentence of `CannotStart` to the server, and other errors with traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] == "http" and "engine" not in scope.get("state", {}):
            logger.error(
                "%s Its server must run its lifespan, and pass on its state.", _NOT_STARTED
            )
            problem: dict[str, object] = {"error": _NOT_STARTED, "code": "not_started"}
            await JSONResponse(problem, 503)(scope, receive, send)
            return
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failed: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append({**message})
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold)
        except BaseException as error:
            for message in failed:
                if isinstance(error, CannotStart):
                    message["message"] = str(error)
                await send(message)
            raise

"""Middleware of the whole application: security headers, refusals before a request reaches a route,
and the reports of a failed start. Plain ASGI.
"""

import json
import logging
import re
from math import isinf
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duplex.settings import Settings
from duplex.socket.origins import is_known
from duplex.socket.rates import Reports
from duplex.web.errors import ApiError, CannotStart, Problem
from duplex.wire.protocol import Close

_logger = logging.getLogger("duplex")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""No other sites, no inline scripts or styles, not in frames."""

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Adds the headers that an HTTP answer does not carry already. A WebSocket passes through
    unchanged.
    """

    def __init__(
        self, app: ASGIApp, *, production: bool, hsts_include_subdomains: bool = False
    ) -> None:
        self._app = app
        self._production = production
        self._hsts = "max-age=31536000" + ("; includeSubDomains" * hsts_include_subdomains)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if self._production and scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", self._hsts)
            await send(message)

        await self._app(scope, receive, send_with_headers)


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


_JSON: Final = re.compile(r"application/(?:[^;\s]+\+)?json\s*(?:;|\Z)", re.IGNORECASE)


class FiniteNumbers:
    """Answers 422 to a JSON body with a number that JSON or a float does not have: `NaN`,
    `Infinity`, `1e999`. A model accepts it in a field of the type `Any`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _JSON.match(Headers(scope=scope).get("content-type", "")):
            await self._app(scope, receive, send)
            return
        body = bytearray()

        async def receive_checked() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            if message["type"] == "http.request" and not message.get("more_body", False):
                _check_numbers(bytes(body))
            return message

        await self._app(scope, receive_checked, send)


def _check_numbers(body: bytes) -> None:
    try:
        json.loads(body, parse_float=_finite, parse_constant=_refuse)
    except (ValueError, RecursionError):
        # The route reads the body again and reports it.
        return


def _finite(number: str) -> float:
    value = float(number)
    return _refuse(number) if isinf(value) else value


def _refuse(number: str) -> float:
    shown = number if len(number) < 20 else f"{number[:20]}…"
    raise ApiError(422, "invalid_data", f"Body: {shown} is not a finite number.")


_reports = Reports(_logger)

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
            await send({"type": "websocket.close", "code": Close.POLICY, "reason": _SENTENCE})
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


_NOT_STARTED = "The application was not started."


class Starting:
    """Reports only the sentence of `CannotStart` to the server, and other errors with traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] == "http" and "engine" not in scope.get("state", {}):
            _logger.error(
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

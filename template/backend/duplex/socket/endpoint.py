"""The one WebSocket route: which connections are accepted, and how others are refused.

Plain ASGI, so that frames go straight to the server.
"""

import asyncio
import logging
import math

from pydantic_core import to_json
from starlette import types

from duplex.socket.handler import SocketHandler, SocketServices
from duplex.socket.limits import Refusal, counted_address
from duplex.socket.origins import is_allowed, read_host
from duplex.socket.rates import Reports
from duplex.socket.transport import Scope
from duplex.wire.protocol import Close

_reports = Reports(logging.getLogger("duplex"))


class SocketEndpoint:
    """ASGI middleware that answers the WebSockets of `path`, in front of the application's routes.

    Behind them each frame would pass Starlette's wrapper around `send`, which turns exceptions into
    responses: 0.4 of the 6 µs that a frame costs.
    """

    def __init__(self, app: types.ASGIApp, services: SocketServices, path: str) -> None:
        self._app = app
        self._services = services
        self._path = path

    async def __call__(self, scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
        """Answer one connection, or pass it on to the application."""
        if scope["type"] == "lifespan" or _path(scope) != self._path:
            await self._app(scope, receive, send)
            return
        if scope["type"] != "websocket":
            await _require_upgrade(send)
            return
        await receive()
        address = counted_address(scope.get("client"))
        refusal = self._check_server(scope) or self._services.sockets.limits.admit(
            address, asyncio.get_running_loop().time()
        )
        if refusal is not None:
            await _refuse(scope, send, refusal)
            return
        await SocketHandler(self._services, address, scope, receive, send).run(send)

    def _check_server(self, scope: Scope) -> Refusal | None:
        """The reason to refuse this socket, if there is one."""
        if not self._services.sockets.started:
            _reports.warn(
                "refused a socket: the application was not started, because its server does not run"
                " its lifespan"
            )
            return Refusal(503, "The application was not started.", code="not_started")
        headers = {key: value.decode("latin-1") for key, value in scope["headers"]}
        origin, host = headers.get(b"origin"), headers.get(b"host", "")
        scheme, allowed = scope["scheme"], self._services.sockets.options.allowed_origins
        if origin is None or is_allowed(origin, scheme, host, allowed):
            return None
        _reports.warn(
            "refused a socket: its Origin %.200r is neither the server's own, %.200r, nor in"
            " ALLOWED_ORIGINS (%s); behind a proxy see FORWARDED_ALLOW_IPS",
            origin,
            str(read_host(host, scheme)),
            ", ".join(allowed) or "empty",
        )
        return Refusal(403, "This page may not open a session here.", None, "forbidden")


def _path(scope: Scope) -> str:
    """The path as the application's routes see it, also where a proxy serves it below another."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path[len(root) :] if path.startswith(f"{root}/") else path


async def _require_upgrade(send: types.Send) -> None:
    """Answer a request that should have been a WebSocket's handshake."""
    _reports.warn(
        "a request for the socket came without `Upgrade: websocket`: a proxy that does not pass on"
        " the Upgrade and Connection headers drops it"
    )
    sentence = (
        "This address speaks WebSocket. If a proxy is in between, it does not pass on the headers"
        " Upgrade and Connection."
    )
    headers = [
        (b"content-type", b"application/json"),
        (b"upgrade", b"websocket"),
        (b"connection", b"upgrade"),
    ]
    await send({"type": "http.response.start", "status": 426, "headers": headers})
    body = to_json({"error": sentence, "code": "upgrade_required"})
    await send({"type": "http.response.body", "body": body})


async def _refuse(scope: Scope, send: types.Send, refusal: Refusal) -> None:
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        reason = {"code": Close.FORBIDDEN, "reason": refusal.sentence}
        await send({"type": "websocket.close", **reason})
        return
    body = to_json({"error": refusal.sentence, "code": refusal.code})
    headers = [(b"content-type", b"application/json")]
    if refusal.retry_after is not None:
        headers.append((b"retry-after", b"%d" % math.ceil(refusal.retry_after)))
    start = {"type": "websocket.http.response.start", "status": refusal.status}
    await send({**start, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})

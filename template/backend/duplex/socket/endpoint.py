"""The one WebSocket route: from the handshake to the last frame of a connection.

Plain ASGI, so that frames go straight to the server. The loop is the guide's:
receive, validate, act, respond; a bad frame is answered with an error and the session lives on.
"""

import asyncio
import logging
import re
import secrets
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic_core import to_json
from starlette import types

from duplex.requests.registry import Rejected, read_id
from duplex.rooms.member import IN_FLIGHT, Request
from duplex.socket.addresses import neighbourhood
from duplex.socket.connection import Connection, Phase
from duplex.socket.controls import Controls, read_control
from duplex.socket.handshake import greet
from duplex.socket.origins import is_allowed
from duplex.socket.transport import (
    EXTENSION,
    AsgiTransport,
    Prepared,
    PreparedTransport,
    Receive,
    Scope,
    Send,
)
from duplex.wire.frames import Frame
from duplex.wire.protocol import (
    Close,
    Control,
    ErrorCode,
    Unreadable,
    unpack,
)

if TYPE_CHECKING:
    from duplex.rooms.engine import Engine

logger = logging.getLogger("duplex")

_STATE: Final = re.compile(r'\s*\{\s*"state"\s*:\s*"([A-Za-z0-9]{1,64})"')
"""Where nearly every client puts the state: then the frame is parsed only once, by its state's
model.
"""

_BREATH: Final = 32
"""Frames read in a row before others get a turn."""


class Disconnected(Exception):
    """The socket is gone; `code` is the close code its end was told with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def receive_request(socket: "Conversation") -> Request | Control:
    """The next frame that can be acted on. What cannot is answered with an error and passed over.

    Raises `Disconnected` at the end.
    """
    while True:
        text = await socket.next_text()
        if text is None:
            continue
        try:
            return socket.understand(text)
        except Rejected as rejected:
            send_response(socket.connection, rejected.frame)
        except Unreadable as unreadable:
            socket.connection.error(str(unreadable), "bad_frame")


def send_response(connection: Connection, response: bytes) -> bool:
    """Send one frame behind all before it; False when the connection takes none any more."""
    if connection.phase is not Phase.OPEN:
        return False
    connection.push(Frame(response))
    return True


class Socket:
    """ASGI middleware that answers the WebSockets of `path`, in front of the application's routes.

    Behind them each frame would pass through what Starlette wraps around `send` to turn exceptions
    into answers: 0.4 of the 6 µs that a frame costs.
    """

    def __init__(self, app: types.ASGIApp, engine: "Engine", path: str) -> None:
        self._app = app
        self._engine = engine
        self._path = path

    async def __call__(self, scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
        """Answer one connection, or leave it to the application."""
        if scope["type"] != "websocket" or _path(scope) != self._path:
            await self._app(scope, receive, send)
            return
        await receive()
        address = neighbourhood(scope.get("client"))
        refusal = self._refusal(scope, address)
        if refusal is not None:
            await _refuse(scope, send, *refusal)
            return
        # A coroutine function of the server's: `AsgiTransport` takes its first step by hand.
        direct = cast("Send", send)
        await Conversation(self._engine, address, scope, receive, direct).run(direct)

    def _refusal(self, scope: Scope, address: str) -> tuple[int, str, ErrorCode] | None:
        """Why a socket is not accepted, if it is not: HTTP status, sentence, code."""
        headers = {key: value.decode("latin-1") for key, value in scope["headers"]}
        origin = headers.get(b"origin")
        if origin is not None and not is_allowed(
            origin, headers.get(b"host", ""), self._engine.options.allowed_origins
        ):
            return 403, "This page may not open a session here.", "forbidden"
        full = self._engine.census.admit(address)
        if full is not None:
            return 503, full, "too_many"
        return None


def _path(scope: Scope) -> str:
    """The path as the application's routes see it, also where a proxy serves it below another."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path[len(root) :] if path.startswith(f"{root}/") else path


async def _refuse(
    scope: Scope, send: types.Send, status: int, sentence: str, code: ErrorCode
) -> None:
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": Close.FORBIDDEN, "reason": sentence})
        return
    body = to_json({"error": sentence, "code": code})
    headers = [(b"content-type", b"application/json")]
    if status == 503:
        headers.append((b"retry-after", b"10"))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


class Conversation:
    """One accepted socket and the task that reads it."""

    __slots__ = (
        "_controls",
        "_engine",
        "_loop",
        "_read",
        "_receive",
        "_stopping",
        "_task",
        "connection",
    )

    def __init__(
        self, engine: "Engine", address: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._engine = engine
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._read = 0
        self._stopping = False
        one = self.connection = Connection(
            secrets.token_urlsafe(12),
            address,
            engine.options,
            engine.flusher,
            self._loop.time(),
        )
        self._controls = Controls(engine, one)
        offered = cast("dict[str, object]", scope.get("extensions") or {})
        prepared = cast("Prepared | None", offered.get(EXTENSION))
        if prepared is not None:
            one.transport = PreparedTransport(prepared, one.writable, engine.begin_drain)
        else:
            one.transport = AsgiTransport(send, one.writable, self._stop)

    def _stop(self) -> None:
        """The connection was given up and the server offers no way to say so: stop reading."""
        if self._task is not None and not self._stopping:
            self._stopping = True
            self._task.cancel()

    async def run(self, send: Send) -> None:
        """Accept, greet, and answer until the socket is gone."""
        one, engine = self.connection, self._engine
        engine.arrived(one)
        code = 1006
        try:
            await send({"type": "websocket.accept"})
            await greet(engine, one, self.next_text)
            while one.phase is not Phase.CLOSED:
                request = await receive_request(self)
                if isinstance(request, Request):
                    self._ask(request)
                else:
                    self._controls.act(request)
        except Disconnected as end:
            code = end.code
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            if self._task is not None:
                self._task.uncancel()
        except Exception:
            reference = secrets.token_hex(4)
            logger.exception("a connection failed (reference %s)", reference)
            one.fail(f"The server failed (reference {reference}).", "internal", Close.BUG)
        finally:
            await engine.gone(one, code)

    # --- reading

    async def next_text(self) -> str | None:
        """The next text frame within the limits, or None for a frame that was answered with an
        error.
        """
        self._read += 1
        if self._read % _BREATH == 0:
            await asyncio.sleep(0)
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise Disconnected(message.get("code") or 1005)
        one = self.connection
        text = cast("str | None", message.get("text"))
        if one.verdict is not None:
            return None
        if not one.admit_frame(self._loop.time()):
            self._too_fast(text)
            return None
        if text is None:
            self._bad("Frames are text, not binary.")
            return None
        limit = self._engine.options.max_frame
        if len(text) > limit or (len(text) * 4 > limit and len(text.encode()) > limit):
            sentence = f"A frame may have {limit} bytes."
            one.fail(sentence, "too_big", Close.TOO_BIG, {"limit": limit})
            return None
        return text

    def _bad(self, sentence: str) -> None:
        if self.connection.phase is Phase.HELLO:
            self.connection.fail(sentence, "bad_hello", Close.BAD_HELLO)
        else:
            self.connection.error(sentence, "bad_frame")

    def _too_fast(self, text: str | None) -> None:
        try:
            request_id = read_id(unpack(text or ""))
        except Unreadable:
            request_id = None
        rate = self._engine.options.rate
        self.connection.error(
            f"More than {rate.count} frames in {rate.seconds:g} s: slow down.",
            "too_fast",
            request_id,
        )

    def understand(self, text: str) -> Request | Control:
        """One frame as a request. Raises `Rejected` or `Unreadable`."""
        found = _STATE.match(text)
        name = found[1] if found is not None else None
        state = self._engine.registry.get(name) if name is not None else None
        if state is None:
            frame = unpack(text)
            name = frame.get("state")
            request_id = read_id(frame)
            if not isinstance(name, str):
                raise Unreadable("The frame must name its `state`.")
            state = self._engine.registry.get(name)
            if state is None:
                return read_control(name, frame, request_id)
        data, request_id = state.read(text)
        self._check(state, request_id)
        return Request(state, data, request_id)

    def _check(self, state: Any, request_id: str | None) -> None:
        """Whether this member may ask for this now. Raises `Rejected`."""
        member = self.connection.member
        about = {"state": state.name}
        if member is None:
            raise Rejected("The session is not open.", "not_initialised", request_id, about)
        if state.allow is not None and not state.allow(member.identity):
            raise Rejected(f"You may not send {state.name}.", "forbidden", request_id, about)
        if not member.may_ask(state, self._loop.time()):
            raise Rejected(f"Too many {state.name}: slow down.", "too_fast", request_id, about)
        if member.busy >= IN_FLIGHT:
            raise Rejected("Too many requests are unanswered.", "too_many", request_id, about)

    # --- acting

    def _ask(self, request: Request) -> None:
        member = self.connection.member
        if member is not None:
            self.connection.asked = self._loop.time()
            member.ask(request)

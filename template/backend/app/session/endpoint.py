"""The one WebSocket route: from the handshake to the last frame of a connection.

A plain ASGI application, so that frames go straight to the server. The loop is the guide's:
receive, validate, act, respond; a bad frame is answered with an error and the session lives on.
"""

import asyncio
import logging
import re
import secrets
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import ValidationError
from pydantic_core import to_json

from app.origins import is_allowed
from app.session import protocol
from app.session.broker import BrokerUnavailable
from app.session.connection import Connection, Phase
from app.session.dispatch import Rejected, read_id
from app.session.frame import Frame
from app.session.identity import Identity
from app.session.member import IN_FLIGHT, Member, Request
from app.session.protocol import (
    Close,
    Control,
    ErrorCode,
    Hello,
    NotSignedIn,
    Unopened,
    Unreadable,
    unpack,
)
from app.session.transport import (
    EXTENSION,
    AsgiTransport,
    Prepared,
    PreparedTransport,
    Receive,
    Scope,
    Send,
)

if TYPE_CHECKING:
    from app.session.engine import Engine

logger = logging.getLogger("app.session")

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
            socket.connection.send(rejected.frame)
        except Unreadable as unreadable:
            socket.connection.error(str(unreadable), "bad_frame")


def send_response(connection: Connection, response: bytes) -> bool:
    """Send one frame behind all before it; False when the connection takes none any more."""
    if connection.phase is not Phase.OPEN:
        return False
    connection.push(Frame(response))
    return True


class Socket:
    """The ASGI application of the route."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        client = cast("tuple[str, int] | None", scope.get("client"))
        address = client[0] if client else "local"
        refusal = self._refusal(scope, address)
        if refusal is not None:
            await _refuse(scope, send, *refusal)
            return
        await Conversation(self._engine, address, scope, receive, send).run(send)

    def _refusal(self, scope: Scope, address: str) -> tuple[int, str, ErrorCode] | None:
        """Why a socket is not accepted, if it is not: HTTP status, sentence, code."""
        headers = {key: value.decode("latin-1") for key, value in scope["headers"]}
        origin = headers.get(b"origin")
        if origin is not None and not is_allowed(
            origin, headers.get(b"host", ""), self._engine.settings.allowed_origins
        ):
            return 403, "This page may not open a session here.", "forbidden"
        full = self._engine.census.admit(address)
        if full is not None:
            return 503, full, "too_many"
        return None


async def _refuse(scope: Scope, send: Send, status: int, sentence: str, code: ErrorCode) -> None:
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
        "_engine",
        "_loop",
        "_read",
        "_receive",
        "_renewing",
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
        self._renewing = False
        self._stopping = False
        one = self.connection = Connection(
            secrets.token_urlsafe(12),
            address,
            engine.settings,
            engine.flusher,
            self._loop.time(),
        )
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
            await self._greet()
            while one.phase is not Phase.CLOSED:
                request = await receive_request(self)
                if isinstance(request, Request):
                    self._ask(request)
                else:
                    self._control(request)
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
        limit = self._engine.settings.session_max_frame
        if len(text) > limit or (len(text) * 4 > limit and len(text.encode()) > limit):
            one.fail(f"A frame may have {limit} bytes.", "too_big", Close.TOO_BIG)
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
        rate = self._engine.settings.session_rate
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
                return _reserved(name, frame, request_id)
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

    # --- the hello

    async def _greet(self) -> None:
        """The first frame: who it is and which session. Whatever is wrong is said, then the socket
        closed.
        """
        one, engine = self.connection, self._engine
        if engine.draining:
            one.fail("The server is leaving.", "refused", Close.RESTART)
        text = None
        while text is None:
            text = await self.next_text()
        try:
            frame = unpack(text)
            if "state" in frame:
                raise Unreadable('The first frame is the hello, for example {"token": null}.')
            hello = Hello.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            one.fail(
                f"The hello is not valid: {where}: {first['msg']}.", "bad_hello", Close.BAD_HELLO
            )
            return
        except Unreadable as error:
            one.fail(str(error), "bad_hello", Close.BAD_HELLO)
            return
        try:
            identity = await engine.authenticate(hello.token)
        except NotSignedIn as error:
            one.fail(str(error) or "You are not signed in.", "not_signed_in", Close.NOT_SIGNED_IN)
            return
        await self._enter(hello, identity)

    async def _enter(self, hello: Hello, identity: Identity) -> None:
        one, engine = self.connection, self._engine
        if one.verdict is not None:
            return
        room = hello.session or secrets.token_urlsafe(16)
        if identity.user is not None:
            if not engine.census.admit_user(identity.user):
                one.fail("You have too many connections open.", "too_many", Close.TOO_FAST)
                return
            one.user = identity.user
        if not await engine.may_join(identity, room):
            one.fail("You may not join this session.", "forbidden", Close.FORBIDDEN)
            return
        try:
            await engine.enter(one, hello, identity, room)
        except Unopened as error:
            one.fail(str(error), "conflict", Close.FORBIDDEN)
        except BrokerUnavailable:
            sentence = "The session's store cannot be reached."
            one.fail(sentence, "broker_unavailable", Close.DRAINING)

    # --- acting

    def _ask(self, request: Request) -> None:
        member = self.connection.member
        if member is not None:
            self.connection.asked = self._loop.time()
            member.ask(request)

    def _control(self, frame: Control) -> None:
        """`ping`, `authenticate`, `cancel` and `leave` are acted on at once, whatever else runs."""
        one, member = self.connection, self.connection.member
        if member is None:
            one.error("The session is not open.", "not_initialised", frame.id)
        elif frame.state == "ping":
            one.pings = True
            send_response(
                one, _PONG if frame.id is None else protocol.notice("pong", None, frame.id)
            )
        elif frame.state == "cancel":
            self._cancel(member, frame)
        elif frame.state == "leave":
            one.close(Close.ENDED, "left")
        elif self._renewing:
            one.error("The last token is still being checked.", "too_many", frame.id)
        else:
            self._renewing = True
            self._engine.spawn(self._renew(member, frame))

    def _cancel(self, member: Member, frame: Control) -> None:
        wanted = frame.data.get("id") if isinstance(frame.data, dict) else None
        wanted = wanted if isinstance(wanted, str) else frame.id
        if wanted is None:
            self.connection.error("`cancel` needs the id of a request.", "bad_frame")
        else:
            member.cancel(wanted)

    async def _renew(self, member: Member, frame: Control) -> None:
        """A new token on an open connection: it takes the place of the old one, for the same
        user.
        """
        one = self.connection
        token = frame.data.get("token") if isinstance(frame.data, dict) else None
        token = token if isinstance(token, str) else frame.token
        try:
            identity = await self._engine.authenticate(token)
        except NotSignedIn as error:
            one.error(str(error) or "You are not signed in.", "not_signed_in", frame.id)
        except Exception:
            logger.exception("a token could not be checked")
            one.error("The token could not be checked.", "internal", frame.id)
        else:
            if identity.user != member.identity.user:
                one.error("The token is somebody else's.", "forbidden", frame.id)
            else:
                member.identity = identity
                one.signed_in_until(identity.expires)
                data = {"expires": identity.expires}
                send_response(one, protocol.notice("authenticate", dict(data), frame.id))
        finally:
            self._renewing = False


def _reserved(name: str, frame: dict[str, Any], request_id: str | None) -> Control:
    if name not in protocol.CLIENT_STATES:
        raise Rejected(f"There is no state {name[:64]!r}.", "unknown_state", request_id)
    try:
        return Control.model_validate(frame)
    except ValidationError:
        raise Rejected(f"This {name} is not valid.", "bad_frame", request_id) from None


_PONG: Final = protocol.notice("pong")

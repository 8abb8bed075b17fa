"""One accepted socket, from its handshake to its last frame.

Each frame is received, validated and acted on, and the client gets a response. A bad frame is
answered with an error, and the session goes on.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from duplex.identity import Authentication
from duplex.socket import ConnectedParticipant
from duplex.socket.connection import Connection, Phase
from duplex.socket.controls import Controls, Handshake
from duplex.socket.rates import Bucket, small_frames
from duplex.socket.sockets import Sockets
from duplex.socket.transport import (
    EXTENSION,
    AsgiTransport,
    Message,
    Prepared,
    PreparedTransport,
    Receive,
    Scope,
    Send,
)
from duplex.tasks import BackgroundTasks
from duplex.wire.entries import Frame
from duplex.wire.messages import Rejected, Unreadable, error
from duplex.wire.protocol import LOST, NO_CODE, Close
from duplex.wire.requests import Control, Request, find_id

logger = logging.getLogger("duplex")

_FRAMES_IN_A_ROW: Final = 32
"""Frames of one connection that are read before other tasks run."""


@dataclass(frozen=True, slots=True)
class SocketServices:
    """Services that the layers above provide for every connection.

    `read` parses a frame of an open session and raises `Rejected` or `Unreadable`. `disconnected`
    is called with the close code when a connection has ended. `shutdown` begins to drain: some
    servers report their own end to each connection.
    """

    sockets: Sockets
    authentication: Authentication
    handshake: Handshake
    tasks: BackgroundTasks
    read: Callable[[str], Request | Control]
    disconnected: Callable[[Connection, int], Awaitable[None]]
    shutdown: Callable[[], None]


class Disconnected(Exception):
    """The socket has ended; `code` is the close code that the server reports."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def receive_request(socket: "SocketHandler", text: str | None) -> Request | Control | None:
    """The valid request in one frame; None for a frame that was answered with an error. `text` is
    None for a binary frame.
    """
    now = socket.time()
    admitted = socket.admit(text, now)
    if admitted is None:
        return None
    try:
        return socket.validate(admitted, now)
    except Rejected as rejected:
        send_response(
            socket.connection,
            error(rejected.sentence, rejected.code, rejected.request_id, rejected.details),
        )
    except Unreadable as unreadable:
        socket.connection.error(str(unreadable), "bad_frame", find_id(admitted))
    return None


def send_response(connection: Connection, response: bytes) -> bool:
    """Send one frame after all frames before it; False when the connection is closing."""
    if connection.phase is not Phase.OPEN:
        return False
    connection.push(Frame(response))
    return True


class SocketHandler:
    """One accepted socket and the task that reads it."""

    __slots__ = (
        "_ahead",
        "_controls",
        "_read",
        "_receive",
        "_services",
        "_stopping",
        "_task",
        "connection",
        "time",
    )

    def __init__(
        self, services: SocketServices, address: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._services = services
        self._receive = receive
        self.time = asyncio.get_running_loop().time
        self._task = asyncio.current_task()
        self._read = 0
        self._stopping = False
        self._ahead: asyncio.Future[Message] | None = None
        sockets = services.sockets
        connection = self.connection = Connection(
            secrets.token_urlsafe(12),
            address,
            sockets.options,
            sockets.flusher,
            sockets.pending,
            self.time(),
        )
        self._controls = Controls(connection, services.authentication, services.tasks)
        offered = cast("dict[str, object]", scope.get("extensions") or {})
        prepared = cast("Prepared | None", offered.get(EXTENSION))
        if prepared is not None:
            connection.transport = PreparedTransport(
                prepared,
                connection.writable,
                connection.blocked,
                services.shutdown,
                connection.flood,
                Bucket(small_frames(sockets.options.rate), self.time()),
            )
        else:
            connection.transport = AsgiTransport(
                send, connection.writable, connection.blocked, self._stop
            )

    def _stop(self) -> None:
        """The connection was aborted and the server offers no way to abort it: stop reading."""
        if self._task is not None and not self._stopping:
            self._stopping = True
            self._task.cancel()

    async def run(self, send: Send) -> None:
        """Accept the socket, greet the client, and handle its frames until the socket has ended."""
        connection, services = self.connection, self._services
        services.sockets.add(connection)
        code = LOST
        try:
            await send({"type": "websocket.accept"})
            await services.handshake.greet(connection, self._first_text)
            await self._take_all()
        except Disconnected as end:
            code = end.code
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            if self._task is not None:
                self._task.uncancel()
        except Exception:
            self._fail()
        finally:
            if self._ahead is not None:
                self._ahead.cancel()
            verdict = services.sockets.remove(connection, code)
            await services.disconnected(connection, verdict)

    def _fail(self) -> None:
        """An exception is being handled that is a bug of the engine."""
        reference = secrets.token_hex(4)
        logger.exception("a connection failed (reference %s)", reference)
        sentence = f"The server failed (reference {reference})."
        self.connection.fail(sentence, "internal", Close.BUG)

    # --- reading

    async def _take_all(self) -> None:
        """Act on all frames until `Disconnected`. Where the transport can deliver them itself, this
        task only waits for the end.
        """
        take = partial(copy_context().run, self._take)
        delivers = False
        while True:
            is_first = self._ahead is not None and self._ahead.done()
            delivers = delivers or (not is_first and self.connection.transport.deliver(take))
            self._take(await self._next_frame())

    def _take(self, text: str | None) -> None:
        """Act on one frame. Never raises."""
        try:
            request = receive_request(self, text)
            if isinstance(request, Request):
                # `validate` has refused a request without a participant.
                cast("ConnectedParticipant", self.connection.participant).ask(request)
            elif request is not None:
                self._controls.handle(request)
        except Exception:
            self._fail()

    async def _first_text(self) -> str | None:
        """The first text, None for a frame that was answered with an error. Reads on while the
        client is greeted: whether it is still there decides whether it may take a participant over.
        """
        text = self.admit(await self._next_frame(), self.time())
        if text is not None:
            self._ahead = asyncio.ensure_future(self._receive())
            self._ahead.add_done_callback(self._was_read_ahead)
        return text

    def _was_read_ahead(self, reading: "asyncio.Future[Message]") -> None:
        failed = reading.cancelled() or reading.exception() is not None
        if failed or reading.result()["type"] != "websocket.receive":
            self.connection.gone = True

    async def _next_message(self) -> Message:
        ahead, self._ahead = self._ahead, None
        return await (self._receive() if ahead is None else ahead)

    async def _next_frame(self) -> str | None:
        """The text of the next frame, None for a binary one. Raises `Disconnected`."""
        self._read += 1
        if self._read % _FRAMES_IN_A_ROW == 0:
            await asyncio.sleep(0)
        message = await self._next_message()
        if message["type"] != "websocket.receive":
            raise Disconnected(message.get("code") or NO_CODE)
        return cast("str | None", message.get("text"))

    def admit(self, text: str | None, now: float) -> str | None:
        """The text of a frame within the limits; None for a frame that was answered with an
        error.
        """
        connection = self.connection
        if connection.verdict is not None:
            return None
        if not connection.admit_frame(now):
            self._too_fast(text)
            return None
        if text is None:
            self._bad("Frames must be text, not binary.")
            return None
        limit = self._services.sockets.options.max_frame
        if len(text) > limit or (len(text) * 4 > limit and len(text.encode()) > limit):
            sentence = f"Frames are limited to {limit} bytes."
            connection.fail(sentence, "too_big", Close.TOO_BIG, {"limit": limit}, find_id(text))
            return None
        return text

    def _bad(self, sentence: str) -> None:
        if self.connection.phase is Phase.HELLO:
            self.connection.fail(sentence, "bad_hello", Close.BAD_HELLO)
        else:
            self.connection.error(sentence, "bad_frame")

    def _too_fast(self, text: str | None) -> None:
        rate = self._services.sockets.options.rate
        self.connection.error(
            f"Frames are limited to {rate.count} in {rate.seconds:g} s. Slow down.",
            "too_fast",
            find_id(text or ""),
        )

    def validate(self, text: str, now: float) -> Request | Control:
        """One frame as a request that may be handled. Raises `Rejected` or `Unreadable`."""
        request = self._services.read(text)
        if isinstance(request, Request):
            participant = self.connection.participant
            if participant is None:
                raise Rejected(
                    "The session is not open.",
                    "not_initialised",
                    request.id,
                    {"state": request.state},
                )
            participant.admit(request, now)
            self.connection.asked = now
        return request

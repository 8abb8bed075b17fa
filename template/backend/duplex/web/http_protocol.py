"""Limits for HTTP clients, added to uvicorn's HTTP protocol: how long they may take to send a
request and to read a response, and how much of the time they may take from others.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import h11
from uvicorn.protocols.http.flow_control import FlowControl

from duplex.options import Rate
from duplex.socket.limits import counted_address
from duplex.socket.rates import Bucket

logger = logging.getLogger("uvicorn.error")

INCOMPLETE: Final = 1000
"""HTTP connections that wait for their client: for the rest of its request, or until it reads the
response. Beyond it the address with most of them loses the one that was quiet longest.
"""

REQUEST_PATIENCE: Final = 30.0
"""Seconds in which the head of a request arrives, and between two parts of its body. Each second
after the first ones of a body needs `LOWEST_RATE` of it.
"""

LOWEST_RATE: Final = 500
"""Bytes a second at which a body arrives, on average: the slowest mobile networks are faster."""

RESPONSE_PATIENCE: Final = 120.0
"""Seconds in which a client reads some of a response that waits for it."""


PARTS_AT_ONCE: Final = 64
"""Parts of bodies of one client that are parsed before others get a turn."""

PARTS_RATE: Final = Rate(4000, 1.0)
"""Parts of bodies that are parsed a second. Each takes some 10 µs and has a byte or more."""


class HttpConfig(Protocol):
    """Implemented by `duplex.server.ServerConfig`."""

    incomplete: "Incomplete"
    most_files: int
    parts: Bucket


class Incomplete:
    """HTTP connections that wait for their client, by its address."""

    def __init__(self) -> None:
        self._of: dict[str, dict[PromptRequests, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, connection: "PromptRequests") -> None:
        """Something came from its client, or its time begins."""
        self.remove(connection)
        self._of.setdefault(connection.address, {})[connection] = None
        self._count += 1

    def remove(self, connection: "PromptRequests") -> None:
        """It does not wait any more."""
        of_address = self._of.get(connection.address, {})
        if connection in of_address:
            del of_address[connection]
            self._count -= 1
            if not of_address:
                del self._of[connection.address]

    def quietest(self) -> "PromptRequests":
        """The one that was quiet longest, of the address with most of them."""
        return next(iter(max(self._of.values(), key=len)))


class Parts(h11.Connection):
    """Parses up to `left` parts of bodies; `stopped` when there may be more."""

    left = PARTS_AT_ONCE
    stopped = False

    def next_event(self) -> Any:
        if self.left <= 0:
            self.stopped = True
            return h11.NEED_DATA
        event = super().next_event()
        if type(event) is h11.Data:
            self.left -= 1
        return event

    def go_on(self) -> None:
        """Parse more."""
        self.left, self.stopped = PARTS_AT_ONCE, False


class Flow(FlowControl):
    """Calls `resumed` when the application asks for a body that it had stopped, or for the first
    part of one that its client sends only when asked (`invites`). While it is `held`, nothing is
    read.
    """

    def __init__(self, transport: asyncio.Transport, resumed: Callable[[], None]) -> None:
        super().__init__(transport)
        self.invites = False
        self._held = False
        self._resumed = resumed

    def hold(self) -> None:
        """Read nothing until `release`."""
        if not self._held and not self.read_paused:
            self._transport.pause_reading()
        self._held = True

    def release(self) -> None:
        """Read as the application wants."""
        if self._held and not self.read_paused:
            self._transport.resume_reading()
        self._held = False

    def pause_reading(self) -> None:
        if self._held:
            self.read_paused = True
        else:
            super().pause_reading()

    @property
    def stopped(self) -> bool:
        """Whether the client waits for the application."""
        return self.read_paused or self.invites

    def resume_reading(self) -> None:
        if self.stopped:
            if self._held:
                self.read_paused = False
            else:
                super().resume_reading()
            self.invites = False
            self._resumed()


class PromptRequests(asyncio.Protocol):
    """Added to uvicorn's HTTP protocol, which would wait for ever for the rest of a request, and
    for a client that does not read: one client could take all the files that the process may open.

    `_arrives`, `_read`: the time until which the client has to send, or to read, if it has to.
    `_body`: the request whose body is awaited. `_unread`: bytes that waited for the client last.
    """

    config: HttpConfig
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: Flow
    conn: Any = None
    connections: set[object]
    client: tuple[str, int] | None
    address: str
    cycle: Any
    _arrives: float | None = None
    _read: float | None = None
    _body: object = None
    _unread = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.address = counted_address(self.client)
        self.flow = Flow(self.transport, self._resumed)
        if isinstance(self.conn, h11.Connection):
            self.conn = Parts(h11.SERVER)
        self._expect()
        if len(self.connections) + len(self.config.incomplete) > self.config.most_files:
            logger.warning("There are as many connections as the limit of open files permits.")
            self._close_quietest()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._advance(len(data))

    def handle_events(self) -> None:
        uvicorn_protocol: Any = super()
        uvicorn_protocol.handle_events()
        if self.conn.stopped:
            self.flow.hold()
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Parse the next parts of a body, when others have had their turn."""
        if self.transport.is_closing():
            return
        wait = self.config.parts.take(time.monotonic(), PARTS_AT_ONCE)
        if wait:
            self.loop.call_later(wait, self._go_on)
            return
        self.conn.go_on()
        self.handle_events()
        if not self.conn.stopped:
            self.flow.release()
        self._advance(0)

    def _advance(self, size: int) -> None:
        """So many bytes have come: see whether the client still has to send."""
        cycle = self.cycle
        if self.transport.get_protocol() is not self:
            # It is a WebSocket now.
            self._stop()
        elif cycle is None or cycle.response_complete:
            # The head of a request is not complete. Its time began with its first byte.
            if self._arrives is None:
                self._expect()
        elif not cycle.more_body:
            self._arrives = self._body = None
            self._wait()
        elif cycle is not self._body:
            self._body = cycle
            self.flow.invites = cycle.waiting_for_100_continue
            self._expect()
        elif self._arrives is not None:
            latest = self.loop.time() + REQUEST_PATIENCE
            self._arrives = min(self._arrives + size / LOWEST_RATE, latest)
            self._wait()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read = None
        self._wait()

    def on_response_complete(self) -> None:
        uvicorn_protocol: Any = super()
        uvicorn_protocol.on_response_complete()
        self._expect_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    def _resumed(self) -> None:
        if self._arrives is not None:
            self._expect()

    def _expect(self) -> None:
        """The client has to send something from now on."""
        self._arrives = self.loop.time() + REQUEST_PATIENCE
        self._wait()

    def _expect_reading(self) -> None:
        """The client has to read what waits for it, if anything does."""
        self._unread = self.transport.get_write_buffer_size()
        self._read = self.loop.time() + RESPONSE_PATIENCE if self._unread else None
        self._wait()

    def _wait(self) -> None:
        incomplete = self.config.incomplete
        due = self._due
        if due is None:
            self._stop()
            return
        incomplete.add(self)
        if self._timer is None or self._timer.when() > due:
            self._set_timer(due)
        if len(incomplete) > INCOMPLETE:
            self._close_quietest()

    @property
    def _due(self) -> float | None:
        """The first of the times that the client has; None while it has none."""
        return min((end for end in (self._arrives, self._read) if end is not None), default=None)

    def _close_quietest(self) -> None:
        self.config.incomplete.quietest().give_up()

    def give_up(self) -> None:
        """Close the connection now, with all that was not sent."""
        self._stop()
        self.transport.abort()

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._check)

    def _check(self) -> None:
        """One of the times may be over."""
        self._timer = None
        now = self.loop.time()
        if self._arrives is not None and self._arrives <= now and self.flow.stopped:
            self._arrives = now + REQUEST_PATIENCE
        if self._read is not None and self._read <= now:
            former = self._unread
            self._unread = self.transport.get_write_buffer_size()
            if self._unread < former:
                self._read = now + RESPONSE_PATIENCE if self._unread else None
        due = self._due
        if due is None:
            self._stop()
        elif due <= now:
            self.give_up()
        else:
            self._set_timer(due)

    def _stop(self) -> None:
        self.config.incomplete.remove(self)
        self._arrives = self._read = self._body = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

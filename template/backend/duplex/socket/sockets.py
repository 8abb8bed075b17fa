"""The sockets of this process: which there are, and the deadlines that they have."""

import asyncio
from collections.abc import Iterator

from duplex.options import Options
from duplex.socket.connection import Connection, Phase
from duplex.socket.limits import ConnectionLimits
from duplex.socket.outbox import Flusher
from duplex.socket.pending import PendingBytes
from duplex.wire.entries import Frame
from duplex.wire.protocol import LOST, NO_CODE, Close, ErrorCode

_CHECKED_IN_A_ROW = 500
"""Connections whose deadlines are checked before other tasks run."""


class Sockets:
    """All connections of one process, from the accepted handshake to the end."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.limits = ConnectionLimits(options)
        self.pending = PendingBytes(options.pending_bytes)
        self.kept = PendingBytes(options.kept_bytes)
        self.draining = False
        self.empty = asyncio.Event()
        self.empty.set()
        self.started = False
        self.flusher: Flusher
        self._connections: set[Connection] = set()

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._connections))

    def __len__(self) -> int:
        return len(self._connections)

    def start(self) -> None:
        """Called in the event loop, before the first socket is accepted."""
        self.started, self.draining = True, False
        # Both belong to an event loop, and each run of the lifespan may have another one.
        self.flusher = Flusher(asyncio.get_running_loop())
        self.empty = asyncio.Event()
        self.empty.set()

    def stop(self) -> None:
        """Every connection has ended. Until the next start no socket is accepted."""
        self.started = False

    def add(self, connection: Connection) -> None:
        """A socket was accepted."""
        self._connections.add(connection)
        self.limits.accepted(connection)
        self.empty.clear()

    def remove(self, connection: Connection, code: int) -> int:
        """A socket has ended; `code` is reported by the server. The close code that is in effect:
        the engine's own comes first.
        """
        verdict = connection.verdict or code
        # Some servers report a lost connection so.
        if verdict == NO_CODE and not connection.transport.watches_peer:
            verdict = LOST
        connection.closed()
        self._connections.discard(connection)
        self.limits.gone(connection)
        if connection.greeted:
            now = asyncio.get_running_loop().time()
            self.limits.allowances.give_back(connection.owner, connection.allowance, now)
        if not self._connections:
            self.empty.set()
        return verdict

    def broadcast(self, frame: Frame) -> None:
        """Send a frame to every open connection of this process."""
        for connection in self._connections:
            if connection.phase is Phase.OPEN:
                connection.push(frame, crowd=True)

    def fail_user(
        self, user: str, sign_in: str | None, sentence: str, code: ErrorCode, close: Close
    ) -> None:
        """Close all connections of a user (of one `sign_in` where it is given), those that have not
        joined yet included.
        """
        for connection in self:
            if connection.user == user and sign_in in (None, connection.sign_in):
                connection.fail(sentence, code, close)

    async def sweep(self) -> None:
        """Check every connection's deadlines, for ever."""
        options = self.options
        waits = [options.hello_timeout, options.heartbeat, options.write_timeout]
        if options.idle > 0:
            waits.append(options.idle)
        interval = min(max(min(waits) / 10, 0.02), 1.0)
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(interval)
            now = loop.time()
            stood_still = now - before - interval
            if stood_still > options.heartbeat / 2:
                for connection in self:
                    connection.excuse(stood_still)
            self.limits.allowances.tidy(now)
            self.pending.tidy()
            self.kept.tidy()
            for count, connection in enumerate(self, start=1):
                if connection.phase is not Phase.CLOSED:
                    connection.check(now)
                if count % _CHECKED_IN_A_ROW == 0:
                    await asyncio.sleep(0)

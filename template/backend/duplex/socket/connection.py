"""One socket: its outbox, its limits, its phases.

A connection has no task except the server's. Its frames go to its outbox, which the process's
`Flusher` writes once per loop tick; `Sockets.sweep` checks its deadlines.
"""

import asyncio
from enum import Enum

from pydantic import JsonValue

from duplex.identity import Validity
from duplex.options import Options
from duplex.socket import ConnectedParticipant
from duplex.socket.outbox import Flusher, thinned
from duplex.socket.pending import PART, PendingBytes
from duplex.socket.rates import Allowance
from duplex.socket.transport import Transport
from duplex.wire import messages
from duplex.wire.entries import Frame
from duplex.wire.protocol import LOST, Close, ErrorCode

_REASON_BYTES = 120
"""Bytes of a close reason; a close frame has room for 123."""


class Phase(Enum):
    """Where a connection is in its life."""

    HELLO = "waits for the first frame"
    JOINING = "has sent the hello"
    OPEN = "takes requests"
    CLOSING = "sends its last frames"
    CLOSED = "has ended"


class Connection:
    """See the module. `id` is unguessable and unique in all processes."""

    __slots__ = (
        "_blocked_since",
        "_bound",
        "_close_by",
        "_drained",
        "_flusher",
        "_mark",
        "_options",
        "_outbox",
        "_pinged",
        "_reason",
        "_waiting",
        "address",
        "allowance",
        "asked",
        "gone",
        "greeted",
        "heard",
        "id",
        "owner",
        "participant",
        "phase",
        "pings",
        "shared",
        "sign_in",
        "since",
        "transport",
        "user",
        "validity",
        "verdict",
    )

    def __init__(
        self,
        name: str,
        address: str,
        options: Options,
        flusher: Flusher,
        shared: PendingBytes,
        now: float,
    ) -> None:
        self.id = name
        self.address = address
        self.phase = Phase.HELLO
        self.since = self.heard = self.asked = now
        self.participant: ConnectedParticipant | None = None
        self.user: str | None = None
        self.owner = address
        self.sign_in: str | None = None
        self.validity = Validity()
        self.pings = False
        self.greeted = False
        self.gone = False
        """The peer left before it was greeted."""
        self.transport: Transport
        self._options = options
        self._flusher = flusher
        self.shared = shared
        """The bytes that wait for all connections of this one's owner."""
        self.allowance = Allowance(options.rate, now)
        self._outbox: list[Frame] = []
        self._waiting = 0
        self._bound = options.outbox_bytes
        self._mark = min(PART, self._bound)
        self._blocked_since: float | None = None
        self._drained: asyncio.Future[None] | None = None
        self._pinged = False
        self.verdict: int | None = None
        """The code this side closes the connection with, once it does; 1006 if it ended without."""
        self._reason = ""
        self._close_by = 0.0

    def opened(self, now: float, expires: float | None) -> None:
        """The hello was accepted: requests are handled from now on."""
        self.greeted = True
        if self.verdict is None:
            self.phase = Phase.OPEN
        self.asked = now
        self.validity.until(expires)

    def give_way(self) -> None:
        """Nothing came from the client, and others wait for its place."""
        self.transport.abort()

    # --- sending

    @property
    def waiting(self) -> int:
        """Bytes in the outbox."""
        return self._waiting

    @property
    def pending(self) -> int:
        """Bytes that the client has not read yet, as far as this process keeps them."""
        return 0 if self.phase is Phase.CLOSED else self._waiting + self.transport.buffered

    def push(self, frame: Frame, *, crowd: bool = False) -> None:
        """Send a frame after all frames before it; `crowd` for a frame with many receivers. Never
        waits; a slow consumer is closed.
        """
        if self.verdict is not None:
            return
        outbox = self._outbox
        if not outbox:
            if crowd:
                self._flusher.add_to_crowd(self)
            else:
                self._flusher.add(self)
        outbox.append(frame)
        self._waiting += frame.size
        if self._waiting > self._mark:
            self._overflow()

    def answer(self, frame: Frame) -> None:
        """Send a frame to the client who waits for it, after all frames before it. It is written at
        once: in the next loop tick it would wait for all other requests that have arrived.
        """
        if self.verdict is not None:
            return
        if self._outbox or not self.transport.write([frame]):
            self.push(frame)
            self.flush()

    def catch_up(self, frames: list[Frame]) -> None:
        """Send the first frames of a joined session. They do not count against the outbox's bound:
        a newcomer is not a slow consumer.
        """
        if self.verdict is not None or not frames:
            return
        if not self._outbox:
            self._flusher.add(self)
        # All at once: a flush in between that empties the outbox would reset the raised bound.
        self._outbox.extend(frames)
        size = sum(frame.size for frame in frames)
        self._waiting += size
        self._bound += size
        if self._waiting > self._mark:
            self._overflow()

    def send(self, payload: bytes) -> None:
        """`push` of a payload for this connection alone."""
        self.push(Frame(payload))

    def error(self, sentence: str, code: ErrorCode, request_id: str | None = None) -> None:
        """`push` of an error frame."""
        self.push(Frame(messages.error(sentence, code, request_id)))

    def flush(self) -> None:
        """Write as many frames as the transport takes now."""
        outbox = self._outbox
        if not outbox:
            return
        taken = self.transport.write(outbox)
        if taken == len(outbox):
            outbox.clear()
            self._waiting = 0
            self._bound = self._options.outbox_bytes
            self._mark = min(PART, self._bound)
        else:
            self._waiting -= sum(frame.size for frame in outbox[:taken])
            del outbox[:taken]
        if self._drained is not None:
            self._wake()
        if self.verdict is not None and not outbox:
            self.transport.close(self.verdict, self._reason)

    def writable(self) -> None:
        """The transport takes more again."""
        self._blocked_since = None
        self.flush()
        self._count()

    def blocked(self) -> None:
        """The transport takes nothing more for now."""
        # What it took is still in the outbox at this moment.
        asyncio.get_running_loop().call_soon(self._count)

    def _count(self) -> None:
        if self.verdict is None:
            self.shared.keep(self)

    async def drained(self, mark: int) -> None:
        """Wait until at most `mark` bytes are in the outbox, or the connection is closing."""
        while self._waiting > mark and self.verdict is None and self.phase is Phase.OPEN:
            if self._drained is None:
                self._drained = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._drained)

    def _wake(self) -> None:
        if self._drained is not None:
            if not self._drained.done():
                self._drained.set_result(None)
            self._drained = None

    def _overflow(self) -> None:
        """Write at once; if that is not enough, drop messages that may be dropped, and count the
        rest.
        """
        self.flush()
        if self._waiting > self._bound:
            self._outbox[:] = kept = thinned(self._outbox)
            self._waiting = sum(frame.size for frame in kept)
        if self._waiting > self._bound:
            self.slow()
        elif self._outbox:
            self._mark = min(self._waiting + PART, self._bound)
            self._count()

    # --- closing

    def close(self, code: int, reason: str = "") -> None:
        """Send the frames in the outbox, then close. Only the first call has an effect."""
        if self.verdict is not None or self.phase is Phase.CLOSED:
            return
        reason = reason.encode()[:_REASON_BYTES].decode(errors="ignore")
        self.verdict, self._reason = code, reason
        self.phase = Phase.CLOSING
        self._close_by = asyncio.get_running_loop().time() + self._options.write_timeout
        self._wake()
        self.transport.discard()
        if self._outbox:
            self.flush()
        else:
            self.transport.close(code, reason)

    def fail(
        self,
        sentence: str,
        code: ErrorCode,
        close: int,
        details: JsonValue = None,
        request_id: str | None = None,
    ) -> None:
        """Send an error, then close."""
        self.push(Frame(messages.error(sentence, code, request_id, details)))
        self.close(close, sentence)

    def flood(self) -> None:
        """The client keeps sending faster than allowed."""
        self.fail("You keep sending faster than allowed.", "too_fast", Close.TOO_FAST)

    def slow(self) -> None:
        """The consumer is too slow: drop the outbox and close; the client may resume."""
        self._outbox.clear()
        self._waiting = 0
        self.close(Close.SLOW, "You read too slowly. Resume to receive the missed messages.")

    def fall_behind(self) -> None:
        """`slow`, because too much waits for all connections of its owner."""
        self.slow()
        if self.transport.buffered > PART:
            # The close frame would wait behind all that.
            self.transport.abort()

    def closed(self) -> None:
        """The socket has ended."""
        self.phase = Phase.CLOSED
        self.verdict = self.verdict or LOST
        self._outbox.clear()
        self._waiting = 0
        self._wake()
        self.shared.keep(self)

    # --- limits and deadlines

    def admit_frame(self, now: float) -> bool:
        """Count a frame against the rate; False when it exceeds the rate."""
        self.heard = now
        allowance = self.allowance
        if allowance.take(now) == 0.0:
            if allowance.strikes:
                allowance.strikes -= 1
            return True
        allowance.strikes += 1
        if allowance.strikes > 2 * self._options.rate.count + 20:
            self.flood()
        return False

    def excuse(self, seconds: float) -> None:
        """This process stood still for so many seconds, in which it could neither hear its clients
        nor write to them.
        """
        self.since += seconds
        self._close_by += seconds
        if self._blocked_since is not None:
            self._blocked_since += seconds
        self.heard = max(self.heard, self.transport.seen) + seconds

    def check(self, now: float) -> None:
        """Check every deadline; `now` is the loop's time."""
        if self.phase is Phase.CLOSING:
            if now >= self._close_by:
                self.transport.abort()
            return
        options = self._options
        if self._stalled(now, options.write_timeout):
            self.slow()
            return
        if self.phase is Phase.HELLO:
            if now - self.since >= options.hello_timeout:
                # A slow network or a busy machine may be the reason, so the client may try again.
                self.fail("The first frame did not arrive in time.", "slow", Close.SLOW)
            return
        self._check_peer(now, options.heartbeat)
        if self.phase is not Phase.OPEN:
            return
        if 0 < options.idle <= now - self.asked:
            self.fail("The session was idle for too long.", "idle", Close.IDLE)
        elif self.validity.expires is not None:
            self._check_token()

    def _stalled(self, now: float, timeout: float) -> bool:
        """Whether the transport has taken nothing for `timeout` seconds."""
        if not self.transport.paused:
            self._blocked_since = None
        elif self._blocked_since is None:
            self._blocked_since = now
        return self._blocked_since is not None and now - self._blocked_since >= timeout

    def _check_peer(self, now: float, heartbeat: float) -> None:
        if not self.transport.watches_peer:
            if self.pings and now - self.heard >= 1.9 * heartbeat:
                self.transport.abort()
            return
        silent = now - max(self.transport.seen, self.heard)
        if silent >= 1.9 * heartbeat:
            self.transport.abort()
        elif silent < 0.9 * heartbeat:
            self._pinged = False
        elif not self._pinged:
            self._pinged = True
            self.transport.ping()

    def _check_token(self) -> None:
        left = self.validity.check()
        if left is None:
            return
        if left > 0:
            self.send(messages.notice("expiring", {"within": round(left, 3)}))
        else:
            self.fail("Your sign-in has expired.", "not_signed_in", Close.NOT_SIGNED_IN)

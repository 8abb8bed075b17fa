"""The two ways a connection can write: any ASGI server's `send`, or a server that takes framed
bytes.

`Prepared` is the optional scope extension `duplex.prepared` (see uvicorn_protocol.py). With it a
message to a thousand readers is framed once and written straight to their transports. Without it
the engine calls ASGI's `send`, once per message and reader, without a task as long as the server
does not wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
from typing import Any, Protocol, cast

from duplex.socket.rates import Bucket
from duplex.tasks import Rest
from duplex.wire.entries import Frame

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

EXTENSION = "duplex.prepared"
_PIECE = 65536


class Prepared(Protocol):
    """The interface in `scope["extensions"]["duplex.prepared"]`, available once the socket is
    accepted.
    """

    @property
    def paused(self) -> bool:
        """Whether the transport's buffer is above its mark: nothing more should be written now."""
        ...

    @property
    def seen(self) -> float:
        """Loop time at which the last bytes came from the peer."""
        ...

    @property
    def buffered(self) -> int:
        """Bytes in the transport's buffer."""
        ...

    def adopt(
        self,
        writable: Callable[[], None],
        blocked: Callable[[], None],
        shutdown: Callable[[], None],
        flood: Callable[[], None],
        small: Bucket,
    ) -> None:
        """From now on the caller keeps the connection alive.

        `writable` is called after a pause, `blocked` at its beginning, `shutdown` instead of
        closing the socket when the server stops, `flood` when more control frames and fragments
        arrive than `small` allows.
        """
        ...

    def deliver(self, take: Callable[[str | None], None]) -> bool:
        """From now on call `take` with each text (None for bytes) instead of giving it to
        `receive`. False, and not done, while a message waits there.
        """
        ...

    def write(self, wire: bytes) -> None:
        """Write whole WebSocket frames. Never raises; of no effect on a closed connection."""
        ...

    def ping(self) -> None:
        """Send a WebSocket ping; the answer counts as `seen`."""
        ...

    def discard(self) -> None:
        """Drop the messages that come from now on; a client that keeps sending is dropped too."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after the written frames, then close properly."""
        ...

    def abort(self) -> None:
        """Drop the connection now, with all that was not sent."""
        ...


class Transport(Protocol):
    """The transport of a `Connection`."""

    @property
    def paused(self) -> bool:
        """Whether the reader is behind: `write` would take nothing."""
        ...

    @property
    def buffered(self) -> int:
        """Bytes that were taken and are still in this process, as far as it is known."""
        ...

    @property
    def watches_peer(self) -> bool:
        """Whether `seen` and `ping` work here; else the server has its own keepalive."""
        ...

    @property
    def seen(self) -> float:
        """See `Prepared.seen`."""
        ...

    def deliver(self, take: Callable[[str | None], None]) -> bool:
        """See `Prepared.deliver`. Always False where messages have to be received."""
        ...

    def write(self, frames: Sequence[Frame]) -> int:
        """Write the first frames, as many as go out now; how many were taken."""
        ...

    def ping(self) -> None:
        """See `Prepared.ping`."""
        ...

    def discard(self) -> None:
        """See `Prepared.discard`; without it messages are still read, and passed over."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close properly after the written frames."""
        ...

    def abort(self) -> None:
        """Drop the connection now."""
        ...


class PreparedTransport:
    """Joined writes of frames that were encoded once."""

    __slots__ = ("_to",)

    watches_peer = True

    def __init__(
        self,
        to: Prepared,
        writable: Callable[[], None],
        blocked: Callable[[], None],
        shutdown: Callable[[], None],
        flood: Callable[[], None],
        small: Bucket,
    ) -> None:
        self._to = to
        to.adopt(writable, blocked, shutdown, flood, small)

    @property
    def paused(self) -> bool:
        return self._to.paused

    @property
    def buffered(self) -> int:
        return self._to.buffered

    @property
    def seen(self) -> float:
        return self._to.seen

    def deliver(self, take: Callable[[str | None], None]) -> bool:
        return self._to.deliver(take)

    def write(self, frames: Sequence[Frame]) -> int:
        to = self._to
        if to.paused:
            return 0
        if len(frames) == 1:
            frame = frames[0]
            to.write(frame.wire or frame.framed())
            return 1
        taken, size = 0, 0
        parts: list[bytes] = []
        for frame in frames:
            parts.append(frame.wire or frame.framed())
            size += frame.size
            taken += 1
            if size >= _PIECE:
                to.write(b"".join(parts))
                parts, size = [], 0
                if to.paused:
                    return taken
        if parts:
            to.write(b"".join(parts))
        return taken

    def ping(self) -> None:
        self._to.ping()

    def discard(self) -> None:
        self._to.discard()

    def close(self, code: int, reason: str) -> None:
        self._to.close(code, reason)

    def abort(self) -> None:
        self._to.abort()


class AsgiTransport:
    """ASGI's `send`, driven without a task until it waits.

    `send` is a coroutine that usually finishes at its first step (the server appends to a buffer).
    Only when it waits, because the reader is behind, does a task finish it; nothing more is
    written meanwhile.
    """

    __slots__ = (
        "_blocked",
        "_close",
        "_loop",
        "_send",
        "_stop",
        "_task",
        "_writable",
        "broken",
        "buffered",
    )

    watches_peer = False
    seen = 0.0

    def __init__(
        self,
        send: Send,
        writable: Callable[[], None],
        blocked: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        self._send = send
        self._writable = writable
        self._blocked = blocked
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._close: tuple[int, str] | None = None
        self.broken = False
        self.buffered = 0

    @property
    def paused(self) -> bool:
        return self._task is not None

    def deliver(self, take: Callable[[str | None], None]) -> bool:
        return False

    def write(self, frames: Sequence[Frame]) -> int:
        taken = 0
        for frame in frames:
            if self._task is not None:
                break
            if not self.broken:
                text = frame.text or frame.decoded()
                self._begin({"type": "websocket.send", "text": text}, frame.size)
            taken += 1
        return taken

    def ping(self) -> None:
        pass

    def discard(self) -> None:
        pass

    def close(self, code: int, reason: str) -> None:
        if self.broken:
            return
        if self._task is not None:
            self._close = (code, reason)
            return
        self._begin({"type": "websocket.close", "code": code, "reason": reason}, 0)

    def abort(self) -> None:
        self.broken = True
        if self._task is not None:
            self._task.cancel()
        self._stop()

    def _begin(self, message: MutableMapping[str, Any], size: int) -> None:
        sending = self._send(message)
        # Some servers return another kind of awaitable, which cannot be stepped manually.
        coroutine = cast(
            "Coroutine[object, None, None]",
            sending if isinstance(sending, Coroutine) else _wait_for(sending),
        )
        try:
            waits_for = coroutine.send(None)
        except StopIteration:
            return
        except Exception:  # the peer is gone; `receive` reports it too
            self.broken = True
            return
        self._task = self._loop.create_task(self._finish(Rest(coroutine, waits_for)))
        self.buffered = size
        self._blocked()

    async def _finish(self, rest: Rest) -> None:
        try:
            await rest
        except Exception:  # as in `_begin`
            self.broken = True
        finally:
            self._task = None
            self.buffered = 0
        if self._close is not None:
            self.close(*self._close)
        else:
            self._writable()


async def _wait_for(sending: Awaitable[None]) -> None:
    await sending

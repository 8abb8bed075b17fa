"""The bytes that are kept for the clients of one account, address or network, all connections
together.

Each outbox is bounded, and so are the requests of a participant that wait, each session and the
recorded replies. Without a common bound, one client could still fill the memory with many
connections that read nothing, or that each fill a session.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeVar

from duplex.options import Options
from duplex.socket.limits import bounds_of

PART: Final = 65536
"""Bytes between two counts of the same holder. Less than that is not counted, as the number of
connections bounds it.
"""

_HANDLED: Final = 400
"""Bytes that each handled request is counted with beside its reply."""


_COUNTED_SECONDS: Final = 0.25
_COUNTED_BYTES: Final = 8192
"""The bytes kept for a participant are counted this often, or after so many bytes of requests."""


class Queue(Protocol):
    """Requests of one participant that are not finished, or its part of a session."""

    @property
    def pending(self) -> int:
        """Bytes that it keeps now."""
        ...


class Reader(Queue, Protocol):
    """A connection with frames that its client has not read yet."""

    @property
    def owner(self) -> str:
        """The account, or the address of an anonymous client."""
        ...

    def fall_behind(self) -> None:
        """Drop the frames and the connection; the client may resume."""
        ...


H = TypeVar("H", bound=Queue)


class _Owner:
    """The counted bytes of one owner or network."""

    __slots__ = ("queues", "readers")

    def __init__(self) -> None:
        self.queues: dict[Queue, int] = {}
        self.readers: dict[Reader, int] = {}

    @property
    def size(self) -> int:
        return sum(self.queues.values()) + sum(self.readers.values())


class PendingBytes:
    """Counts bytes by their owner, an account or the address of anonymous clients, and by the
    network of an address.

    `most`: the bytes of one owner, 0 for no limit.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._owners: dict[str, _Owner] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def fits(self, owner: str, queue: Queue, size: int) -> bool:
        """Count that a queue is going to keep `size` bytes; False if its owner or network would
        keep too many of them.
        """
        if self._most == 0 or size <= PART:
            return True
        bounds = self._bounds(owner)
        counted = bounds[0][0].queues.get(queue, 0)
        if size > counted:
            more = size + PART - counted
            if any(counts.size + more > most for counts, most in bounds):
                return False
            for counts, _ in bounds:
                counts.queues[queue] = counted + more
        return True

    def admits(self, owner: str, queue: Queue, size: int) -> bool:
        """Count the bytes that a queue keeps already; False while its owner or network keeps too
        many, in queues of more than a part.
        """
        if self._most == 0 or size <= PART:
            return True
        bounds = self._bounds(owner)
        for counts, _ in bounds:
            counts.queues[queue] = size
        return all(counts.size <= most for counts, most in bounds)

    def keep(self, reader: Reader) -> None:
        """Count the bytes that wait for a reader. If too many wait for its owner or network, the
        connections with most of them are dropped.
        """
        size = reader.pending
        if size <= PART or self._most == 0:
            self._forget(reader)
            return
        bounds = self._bounds(reader.owner)
        for counts, _ in bounds:
            counts.readers[reader] = size
        for counts, most in bounds:
            while counts.readers and counts.size > most:
                slowest = max(counts.readers, key=counts.readers.__getitem__)
                self._forget(slowest)
                # It may have been counted for its address, before its account was known.
                counts.readers.pop(slowest, None)
                slowest.fall_behind()

    def _forget(self, reader: Reader) -> None:
        for each in bounds_of(reader.owner, self._most):
            if each in self._owners:
                self._owners[each].readers.pop(reader, None)

    def _bounds(self, owner: str) -> list[tuple[_Owner, int]]:
        bounds = bounds_of(owner, self._most)
        return [(self._owners.setdefault(each, _Owner()), most) for each, most in bounds.items()]

    def tidy(self) -> None:
        """Count again, as most holders keep less after a while."""
        for owner, of_owner in list(self._owners.items()):
            of_owner.queues = _recount(of_owner.queues)
            of_owner.readers = _recount(of_owner.readers)
            if not of_owner.queues and not of_owner.readers:
                del self._owners[owner]


class RecentBytes:
    """Counts what is kept for so many seconds: all bytes of the last `seconds`, and perhaps some of
    as many seconds before.
    """

    __slots__ = ("_before", "_new", "_seconds", "_since")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = 0.0
        self._before = self._new = 0

    def add(self, size: int) -> None:
        """Count so many more."""
        self._new += size

    def at_least(self, size: int, now: float) -> None:
        """Count as many as were counted elsewhere."""
        self._new += max(size - self.size(now), 0)

    def size(self, now: float) -> int:
        """The bytes that are counted now."""
        if now - self._since >= self._seconds:
            self._before, self._new, self._since = self._new, 0, now
        return self._before + self._new


class Kept:
    """The bytes kept for one participant of an open session: its part of the session, and the
    outcomes of its requests. `part` returns the former; `most` limits the bytes of the replies.
    """

    __slots__ = (
        "_asked",
        "_bound",
        "_due",
        "_handled",
        "_may_grow",
        "_most",
        "_part",
        "_replies",
        "over",
    )

    def __init__(self, bound: PendingBytes, part: Callable[[float], int], options: Options) -> None:
        self._bound = bound
        self._part = part
        self._most = options.replay_bytes
        self._replies = RecentBytes(options.replay_seconds)
        self._handled = RecentBytes(options.replay_seconds)
        self._asked = 0
        self._due = 0.0
        self._may_grow = True
        self.over = False
        """The participant is no longer in the session."""

    @property
    def pending(self) -> int:
        """See `Queue`."""
        return 0 if self.over else self._size(time.monotonic())

    def _size(self, now: float) -> int:
        return self._part(now) + self.outcomes(now)

    def outcomes(self, now: float) -> int:
        """Bytes of the recorded outcomes."""
        return min(self._replies.size(now), self._most) + self._handled.size(now)

    def add(self, size: int) -> None:
        """An outcome of so many bytes was recorded."""
        self._replies.add(size)
        self._handled.add(_HANDLED)

    def at_least(self, size: int, now: float) -> None:
        """Outcomes of so many bytes were counted when the participant was abandoned."""
        self._replies.at_least(size - self._handled.size(now), now)

    def may_grow(self, owner: str, size: int, now: float) -> bool:
        """Whether the participants of this owner may keep more, asked for a request of `size`
        bytes.
        """
        self._asked += size
        # Counting costs more than the rest of a small request's check.
        if now >= self._due or self._asked >= _COUNTED_BYTES:
            self._asked, self._due = 0, now + _COUNTED_SECONDS
            self._may_grow = self._bound.admits(owner, self, self._size(now))
        return self._may_grow


def _recount(holders: Iterable[H]) -> dict[H, int]:
    """The holders that still keep more than a part."""
    sizes = {holder: holder.pending for holder in holders}
    return {holder: size for holder, size in sizes.items() if size > PART}

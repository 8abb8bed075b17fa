"""The bytes that are kept for the clients of one account, address or network, all connections
together.

Each outbox is bounded, and so are the requests of a participant that wait. Without a common bound,
one client could still fill the memory with many connections that read nothing.
"""

from collections.abc import Iterable
from typing import Final, Protocol, TypeVar

from duplex.socket.limits import bounds_of

PART: Final = 65536
"""Bytes between two counts of the same holder. Less than that is not counted, as the number of
connections bounds it.
"""


class Queue(Protocol):
    """Requests of one participant that are not finished."""

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


def _recount(holders: Iterable[H]) -> dict[H, int]:
    """The holders that still keep more than a part."""
    sizes = {holder: holder.pending for holder in holders}
    return {holder: size for holder, size in sizes.items() if size > PART}

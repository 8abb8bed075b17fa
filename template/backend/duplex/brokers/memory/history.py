"""The history of a room: its replay log, and the handled requests of each participant.

The log is bounded by count, bytes and age. There may be very many handled requests. Their replies
are kept as bytes, which Python's garbage collector neither counts nor visits: with objects it would
stop everything for a moment after each ten thousand requests.
"""

import asyncio
import marshal
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from duplex.brokers.values import Claim, Retention
from duplex.wire.entries import Entry

_NEW: Final = Claim("new")
_BUSY: Final = Claim("busy")


class Log:
    """Entries that a participant may still ask for, oldest first.

    `gap` is the newest number that had to be kept and is not any more: a participant that saw less
    cannot catch up from here. Messages that their state does not retain never count as missing.
    """

    __slots__ = ("_entries", "_latest", "_retention", "_size", "gap", "seq")

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._latest: dict[str, int] = {}
        self._size = 0
        self.seq = 0
        self.gap = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size

    def append(self, entry: Entry, now: float) -> None:
        """Number an entry and keep it as its state declares; drop what exceeds a bound."""
        self.seq += 1
        entry.seq = self.seq
        entry.at = now
        if entry.retain == "none":
            return
        if entry.retain == "latest":
            former = self._latest.get(entry.state)
            if former is not None:
                self._remove(former)
            self._latest[entry.state] = entry.seq
        self._entries[entry.seq] = entry
        self._size += entry.size()
        self.trim(now)

    def trim(self, now: float) -> None:
        """Drop the oldest entries until every bound holds."""
        retention, entries = self._retention, self._entries
        oldest_allowed = now - retention.seconds
        while entries:
            seq, entry = next(iter(entries.items()))
            if (
                len(entries) <= retention.count
                and self._size <= retention.size
                and entry.at >= oldest_allowed
            ):
                return
            self._remove(seq)
            self.gap = seq

    def after(self, seq: int, now: float) -> list[Entry] | None:
        """All entries newer than `seq`, or None when some of them are no longer kept or `seq` was
        never assigned.
        """
        self.trim(now)
        if seq < self.gap or seq > self.seq:
            return None
        newer: list[Entry] = []
        for entry in reversed(self._entries.values()):
            if entry.seq <= seq:
                break
            newer.append(entry)
        newer.reverse()
        return newer

    def _remove(self, seq: int) -> None:
        entry = self._entries.pop(seq)
        self._size -= entry.size()
        if self._latest.get(entry.state) == seq:
            del self._latest[entry.state]


@dataclass(slots=True)
class _Open:
    """A claimed request without an outcome yet."""

    at: float
    fallback: Entry | None = None
    endings: Sequence[Entry] = ()
    awaited: asyncio.Event | None = None

    def close(self) -> None:
        if self.awaited is not None:
            self.awaited.set()


class Handled:
    """Request ids, kept for `Retention.handled` seconds; their replies up to `Retention.size`
    bytes, the oldest dropped first.

    `_settled` has the reply of each id, or None when it is no longer kept; `_ids` and `_times`, the
    order in which they were settled; `_replied`, the ids whose replies are still kept.
    """

    __slots__ = (
        "_ids",
        "_open",
        "_replied",
        "_retention",
        "_seconds",
        "_settled",
        "_size",
        "_times",
    )

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._seconds = retention.handled
        self._open: dict[str, _Open] = {}
        self._settled: dict[str, bytes | None] = {}
        self._ids: deque[str] = deque()
        self._times: deque[float] = deque()
        self._replied: deque[str] = deque()
        self._size = 0

    def __len__(self) -> int:
        return len(self._open) + len(self._settled)

    def is_open(self, request_id: str) -> bool:
        """Whether the request is claimed and has no outcome yet."""
        return request_id in self._open

    def claim(self, request_id: str, now: float) -> Claim:
        """Claim an id."""
        self.trim(now)
        if request_id in self._open:
            return _BUSY
        if request_id in self._settled:
            reply = self._settled[request_id]
            return Claim("done", None if reply is None else _unpack(request_id, reply))
        self._open[request_id] = _Open(now)
        return _NEW

    async def wait(self, request_id: str, seconds: float) -> None:
        """Wait up to so many seconds for a claim that is open to be settled or released."""
        claimed = self._open[request_id]
        if claimed.awaited is None:
            claimed.awaited = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await claimed.awaited.wait()

    def settle(self, request_id: str, reply: Entry, now: float) -> None:
        """The request was answered with `reply`, which has its number already."""
        claimed = self._open.pop(request_id, None)
        if request_id in self._settled:
            self._forget(request_id)
        kept = (reply.state, reply.head, reply.sender, reply.seq)
        packed = self._settled[request_id] = marshal.dumps(kept)
        self._ids.append(request_id)
        self._times.append(now)
        self._replied.append(request_id)
        self._size += len(packed)
        while self._size > self._retention.size:
            self._drop_reply(self._replied.popleft())
        if claimed is not None:
            claimed.close()

    def begun(self, request_id: str, fallback: Entry, endings: Sequence[Entry]) -> None:
        """The claimed request has begun: see `Commit.settles`."""
        claimed = self._open.get(request_id)
        if claimed is not None:
            claimed.fallback, claimed.endings = fallback, endings

    def release(self, request_id: str, append: Callable[[Sequence[Entry]], None]) -> None:
        """The claim is released: unless it had `begun`, the request may run again. The entries that
        end it are appended to the room.
        """
        claimed = self._open.get(request_id)
        if claimed is None:
            return
        if claimed.fallback is None:
            del self._open[request_id]
            claimed.close()
            return
        if claimed.endings:
            append(claimed.endings)
        outcome = claimed.endings[-1] if claimed.endings else claimed.fallback
        self.settle(request_id, outcome, claimed.at)

    def trim(self, now: float) -> None:
        """Forget the requests that are too old."""
        oldest, times = now - self._seconds, self._times
        while times and times[0] < oldest:
            times.popleft()
            request_id = self._ids.popleft()
            if self._settled[request_id] is not None:
                self._drop_reply(self._replied.popleft())
            del self._settled[request_id]

    def _drop_reply(self, request_id: str) -> None:
        reply = self._settled[request_id]
        if reply is not None:
            self._size -= len(reply)
            self._settled[request_id] = None

    def _forget(self, request_id: str) -> None:
        """Forget an id out of its order, which happens when a settled request is settled again."""
        place = self._ids.index(request_id)
        del self._ids[place], self._times[place]
        if self._settled[request_id] is not None:
            self._replied.remove(request_id)
            self._drop_reply(request_id)
        del self._settled[request_id]


_TURN: Final = 1.0
"""Seconds between two parts of the rooms that are trimmed."""


class Trimmed(Protocol):
    """Implemented by `duplex.brokers.memory.room.Room`."""

    def trim(self, now: float) -> None:
        """Forget what is too old."""
        ...


class Trimmer:
    """Trims rooms, so that they do not keep what is too old where nothing happens: a sixtieth of
    them each second.
    """

    __slots__ = ("_rest", "_rooms", "_timer")

    def __init__(self, rooms: Mapping[str, Trimmed]) -> None:
        self._rooms = rooms
        self._rest: Iterator[Trimmed] = iter(())
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, in the event loop."""
        loop = asyncio.get_running_loop()
        part = list(islice(self._rest, len(self._rooms) // 60 + 1))
        for room in part:
            room.trim(loop.time())
        if not part:
            self._rest = iter(list(self._rooms.values()))
        self._timer = loop.call_later(_TURN, self.start)

    def stop(self) -> None:
        """End it."""
        if self._timer is not None:
            self._timer.cancel()


def _unpack(request_id: str, packed: bytes) -> Entry:
    """A kept reply: the parts of it that are sent."""
    state, beginning, sender, seq = marshal.loads(packed)
    return Entry(state, beginning, sender, request_id, private=not seq, seq=seq)

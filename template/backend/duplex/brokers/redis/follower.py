"""Following rooms: what is published becomes `BrokerEvents`, each entry once and in order.

Redis forgets what it publishes, so every room's numbers are checked: what is missing is read from
the room's stream, and where it is no longer there the room is `lost`. While a room is read again,
what is published of it waits in `behind`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import cast

from pydantic_core import from_json

from duplex.brokers.base import BrokerEvents, BrokerUnavailable
from duplex.brokers.redis.holdings import Books
from duplex.brokers.redis.link import Answer
from duplex.wire.entries import Entry

Tail = Callable[["Followed"], Awaitable[Answer]]
"""Runs tail.lua for a room."""


class Followed:
    """A room as far as this process knows it: everything up to `seen` of `epoch` was delivered.

    No epoch: it is not live. `seen` -1: it was not looked at yet.
    """

    __slots__ = ("behind", "epoch", "former", "room", "seen", "waiting")

    def __init__(self, room: str) -> None:
        self.room = room
        self.epoch = b""
        self.former = b""
        self.seen = -1
        self.behind: list[bytes] | None = []
        self.waiting: list[tuple[bytes, int, asyncio.Future[None]]] = []


class Follower:
    """All rooms this process watches."""

    def __init__(
        self,
        books: Books,
        tail: Tail,
        on_due: Callable[[str, int], None],
        on_stray: Callable[[str, bytes], None],
    ) -> None:
        self._books = books
        self._tail = tail
        self._on_due = on_due
        self._on_stray = on_stray
        self._fills: set[asyncio.Task[None]] = set()
        self.events: BrokerEvents
        self.rooms: dict[str, Followed] = {}

    # --- what is published

    def said(self, room: str, payload: bytes) -> None:
        """One message of a room's channel."""
        followed = self.rooms.get(room)
        if followed is None:
            return
        kind = payload[:1]
        if kind == b"E":
            if followed.behind is None:
                self._entries(followed, payload)
            else:
                followed.behind.append(payload)
            return
        words = payload.decode().split(" ", 2)
        if kind == b"D":
            self._on_due(room, int(words[1]))
        elif kind == b"C":
            self._books.settle((room, words[1], words[2]))
        elif kind == b"T":
            self._books.gone(room, words[1], words[2])
            self.events.taken_over(room, words[1], words[2])

    def heard(self, payload: bytes) -> None:
        """One message to this worker: a lock was given to one who waits here."""
        words = payload.decode().split(" ")
        ticket = " ".join(words[1:4])
        if not self._books.grant(ticket):
            self._on_stray(ticket, words[4].encode())

    def told(self, message: bytes) -> None:
        """A control message."""
        self.events.control(from_json(message))

    def _entries(self, followed: Followed, payload: bytes) -> None:
        head, _, body = payload.partition(b"\n")
        _, epoch, number, at, ends, sizes = head.split(b" ")
        first, lengths = int(number), [int(size) for size in sizes.split(b",") if size]
        last = first + len(lengths) - 1
        if epoch == followed.former or (epoch == followed.epoch and last < followed.seen):
            return
        if not followed.epoch:
            followed.epoch = epoch
        elif epoch != followed.epoch:
            self.lose(followed, forgotten=True)
            followed.epoch, followed.seen = epoch, last
            return
        if first > followed.seen + 1:
            self._fall_behind(followed, payload)
            return
        entries: list[Entry] = []
        start = 0
        for seq, length in enumerate(lengths, first):
            if seq > followed.seen:
                dump = body[start : start + length]
                entries.append(Entry.load(dump, seq=seq, at=int(at) / 1000))
            start += length
        self._deliver(followed, entries, last, ends=ends == b"1")

    def _deliver(
        self, followed: Followed, entries: Sequence[Entry], last: int, *, ends: bool = False
    ) -> None:
        room, start = followed.room, 0
        followed.seen = last
        for i, entry in enumerate(entries):
            if entry.state == "left" and not entry.sender:
                if i > start:
                    self.events.deliver(room, entries[start:i])
                start = i
                self.events.left(room, _who(entry))
        if entries:
            self.events.deliver(room, entries[start:])
        if ends:
            self._books.forget(room)
            followed.former, followed.epoch, followed.seen = followed.epoch, b"", 0
            self._books.ended(room)
        if followed.waiting:
            self._wake(followed)

    # --- what this process commits itself

    def committed(
        self, room: str, epoch: bytes, entries: Sequence[Entry], *, ends: bool
    ) -> "asyncio.Future[None] | None":
        """Deliver own entries without waiting for their echo.

        Where others come before them: what to wait for.
        """
        followed = self.rooms.get(room)
        if followed is None or epoch == followed.former:
            return None
        last = entries[-1].seq if entries else followed.seen
        if followed.behind is None and epoch == followed.epoch:
            if not entries or entries[0].seq == followed.seen + 1:
                self._deliver(followed, entries, last, ends=ends)
                return None
            if last <= followed.seen:
                return None
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        followed.waiting.append((epoch, last, future))
        return future

    def _wake(self, followed: Followed) -> None:
        still: list[tuple[bytes, int, asyncio.Future[None]]] = []
        for epoch, seq, future in followed.waiting:
            if epoch == followed.epoch and seq > followed.seen:
                still.append((epoch, seq, future))
            elif not future.done():
                future.set_result(None)
        followed.waiting = still

    # --- gaps

    def _fall_behind(self, followed: Followed, payload: bytes) -> None:
        followed.behind = [payload]
        task = asyncio.get_running_loop().create_task(self._fill(followed))
        self._fills.add(task)
        task.add_done_callback(self._fills.discard)

    async def _fill(self, followed: Followed) -> None:
        try:
            answer = await self._tail(followed)
        except BrokerUnavailable:
            # The room stays behind: after the reconnect all rooms are read again.
            return
        self.caught_up(followed, answer)

    def caught_up(self, followed: Followed, answer: Answer) -> None:
        """What tail.lua told of a room; then what was published meanwhile."""
        if self.rooms.get(followed.room) is not followed:
            return
        if answer[0] == 0:
            if followed.epoch:
                self.lose(followed, forgotten=True)
            followed.epoch, followed.seen = b"", 0
        else:
            _, epoch, seq, rows = answer
            former, followed.epoch = followed.epoch, epoch
            if rows is not None:
                self._deliver(followed, read_rows(rows), seq)
            else:
                if followed.seen >= 0:
                    self.lose(followed, forgotten=former not in (b"", epoch))
                followed.seen = seq
        behind, followed.behind = followed.behind or [], None
        for payload in behind:
            if followed.behind is None:
                self._entries(followed, payload)
            else:
                cast("list[bytes]", followed.behind).append(payload)
        self._wake(followed)

    def lose(self, followed: Followed, *, forgotten: bool) -> None:
        """A room cannot be followed without a gap; `forgotten`: nor are its participants known."""
        room = followed.room
        self.events.lost(room)
        if forgotten:
            for participant in self._books.forget(room):
                self.events.left(room, participant)
            self._books.ended(room)

    def fall_silent(self) -> None:
        """The connection is gone: what comes next must wait until every room was read again."""
        for followed in self.rooms.values():
            followed.behind = []
            for _, _, future in followed.waiting:
                if not future.done():
                    future.set_result(None)
            followed.waiting = []

    def stop(self) -> Iterable["asyncio.Task[None]"]:
        """Read nothing any more; the tasks that have to be waited for."""
        self.rooms.clear()
        for task in self._fills:
            task.cancel()
        return list(self._fills)


def read_rows(rows: Sequence[Sequence[Answer]]) -> list[Entry]:
    """Entries of a stream, as XRANGE gives them."""
    entries: list[Entry] = []
    for number, pairs in rows:
        fields: dict[bytes, bytes] = dict(zip(pairs[::2], pairs[1::2], strict=True))
        seq = int(number.partition(b"-")[0])
        entries.append(Entry.load(fields[b"d"], seq=seq, at=int(fields[b"t"]) / 1000))
    return entries


def _who(left: Entry) -> str:
    return str(from_json(left.head + b"}")["data"]["participant"])

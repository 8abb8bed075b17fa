"""Follows rooms: turns published messages into `BrokerEvents`, each entry once and in order.

Published messages can be lost, so every room's numbers are checked: missing entries are read from
the room's stream, and where they are no longer there the room is `lost`. Messages that are
published while a room is read again are buffered.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import cast

from pydantic_core import from_json

from duplex.brokers.base import BrokerEvents, BrokerUnavailable
from duplex.brokers.redis.holdings import Holdings
from duplex.brokers.redis.link import Answer
from duplex.wire.entries import Entry, UnknownVersion

logger = logging.getLogger("duplex")

Tail = Callable[["Followed"], Awaitable[Answer]]
"""Runs the script `tail` for a room."""


class Followed:
    """A room as this process knows it: everything up to `seen` of `epoch` was delivered.

    No epoch: the room is not live. `seen` -1: it was not read yet. `ended`: the epoch that ended
    last. `buffer`: messages that arrive while the room is read again; None otherwise.
    """

    __slots__ = ("buffer", "ended", "epoch", "room", "seen", "waiting")

    def __init__(self, room: str) -> None:
        self.room = room
        self.epoch = b""
        self.ended = b""
        self.seen = -1
        self.buffer: list[bytes] | None = []
        self.waiting: list[tuple[bytes, int, asyncio.Future[None]]] = []


class Follower:
    """All rooms this process watches."""

    def __init__(
        self,
        holdings: Holdings,
        tail: Tail,
        schedule: Callable[[str, int], None],
        on_unwanted_lock: Callable[[str, bytes], None],
    ) -> None:
        self._holdings = holdings
        self._tail = tail
        self._schedule = schedule
        self._on_unwanted_lock = on_unwanted_lock
        self._fills: set[asyncio.Task[None]] = set()
        self._warned = False
        self.events: BrokerEvents
        self.rooms: dict[str, Followed] = {}

    # --- published messages

    def on_room_message(self, room: str, payload: bytes) -> None:
        """One message of a room's channel."""
        followed = self.rooms.get(room)
        if followed is None:
            return
        kind = payload[:1]
        if kind == b"E":
            if followed.buffer is None:
                self._entries(followed, payload)
            else:
                followed.buffer.append(payload)
            return
        words = payload.decode().split(" ", 2)
        if kind == b"D":
            self._schedule(room, int(words[1]))
        elif kind == b"C":
            self._holdings.close((room, words[1], words[2]))
        elif kind == b"T":
            self._holdings.remove_participant(room, words[1], words[2])
            self.events.taken_over(room, words[1], words[2])

    def on_worker_message(self, payload: bytes) -> None:
        """A message to this worker: the lock was granted to one of its tickets."""
        words = payload.decode().split(" ")
        ticket = " ".join(words[1:4])
        if not self._holdings.grant(ticket):
            self._on_unwanted_lock(ticket, words[4].encode())

    def on_control_message(self, message: bytes) -> None:
        """One control message."""
        self.events.control(from_json(message))

    def _entries(self, followed: Followed, payload: bytes) -> None:
        head, _, body = payload.partition(b"\n")
        _, epoch, number, at, ends, sizes = head.split(b" ")
        first, lengths = int(number), [int(size) for size in sizes.split(b",") if size]
        last = first + len(lengths) - 1
        if epoch == followed.ended or (epoch == followed.epoch and last < followed.seen):
            return
        if not followed.epoch:
            followed.epoch = epoch
        elif epoch != followed.epoch:
            self.lose(followed, forgotten=True)
            followed.epoch = epoch
            self._deliver(followed, [], last, ends=ends == b"1")
            return
        if first > followed.seen + 1:
            self._fall_behind(followed, payload)
            return
        entries: list[Entry] = []
        start = 0
        try:
            for seq, length in enumerate(lengths, first):
                if seq > followed.seen:
                    dump = body[start : start + length]
                    entries.append(Entry.load(dump, seq=seq, at=int(at) / 1000))
                start += length
        except UnknownVersion as error:
            self._unreadable(followed, error)
            entries = []
        self._deliver(followed, entries, last, ends=ends == b"1")

    def _unreadable(self, followed: Followed, error: UnknownVersion) -> None:
        """A newer worker wrote an entry that this one cannot read: the members have to resume."""
        if not self._warned:
            self._warned = True
            logger.error("a newer worker shares the broker: its entries are %s", error)
        self.lose(followed, forgotten=False)

    def _deliver(
        self, followed: Followed, entries: Sequence[Entry], last: int, *, ends: bool = False
    ) -> None:
        room, start = followed.room, 0
        followed.seen = last
        for i, entry in enumerate(entries):
            if entry.departed:
                if i > start:
                    self.events.deliver(room, entries[start:i])
                start = i
                for participant in entry.departed:
                    self.events.left(room, participant)
        if entries:
            self.events.deliver(room, entries[start:])
        if ends:
            self._holdings.forget(room)
            followed.ended, followed.epoch, followed.seen = followed.epoch, b"", 0
            self._holdings.ended(room)
        if followed.waiting:
            self._wake(followed)

    # --- commits of this process

    def committed(
        self, room: str, epoch: bytes, entries: Sequence[Entry], *, ends: bool
    ) -> "asyncio.Future[None] | None":
        """Deliver own entries without waiting for their echo.

        If other entries come before them: a future that is done when they were delivered.
        """
        followed = self.rooms.get(room)
        if followed is None or epoch == followed.ended:
            return None
        last = entries[-1].seq if entries else followed.seen
        if followed.buffer is None and epoch == followed.epoch:
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
        followed.buffer = [payload]
        task = asyncio.get_running_loop().create_task(self._fill(followed))
        self._fills.add(task)
        task.add_done_callback(self._fills.discard)

    async def _fill(self, followed: Followed) -> None:
        try:
            answer = await self._tail(followed)
        except BrokerUnavailable:
            # The room keeps its buffer: after the reconnect all rooms are read again.
            return
        self.caught_up(followed, answer)

    def caught_up(self, followed: Followed, answer: Answer) -> None:
        """Take the answer of the script `tail`, then the messages that were buffered meanwhile."""
        if self.rooms.get(followed.room) is not followed:
            return
        if answer[0] == 0:
            if followed.epoch:
                self.lose(followed, forgotten=True)
            followed.epoch, followed.seen = b"", 0
        else:
            self._read_again(followed, *answer[1:])
        buffered, followed.buffer = followed.buffer or [], None
        for payload in buffered:
            if followed.buffer is None:
                self._entries(followed, payload)
            else:
                cast("list[bytes]", followed.buffer).append(payload)
        self._wake(followed)

    def _read_again(
        self, followed: Followed, epoch: bytes, seq: int, rows: Sequence[Sequence[Answer]] | None
    ) -> None:
        former, followed.epoch = followed.epoch, epoch
        if rows is not None:
            try:
                entries = read_rows(rows)
            except UnknownVersion as error:
                self._unreadable(followed, error)
                entries = []
            self._deliver(followed, entries, seq)
            return
        if followed.seen >= 0:
            self.lose(followed, forgotten=former not in (b"", epoch))
        followed.seen = seq

    def lose(self, followed: Followed, *, forgotten: bool) -> None:
        """A room cannot be followed without a gap; `forgotten`: the store lost its participants."""
        room = followed.room
        self.events.lost(room)
        if forgotten:
            for participant in self._holdings.forget(room):
                self.events.left(room, participant)
            self._holdings.ended(room)

    def resynced(self, room: str, answer: Answer) -> None:
        """Take the answer of the script `resync`: what the store knows of the participants that
        are connected to this process.
        """
        if answer[0] == 0:
            return
        _, due, missing, replaced = answer
        connected = dict(self._holdings.connected.get(room, {}))
        for participant in map(bytes.decode, replaced):
            if participant in connected:
                self._holdings.remove_participant(room, participant, connected[participant])
                self.events.taken_over(room, participant, connected[participant])
        if missing and room in self.rooms:
            # Other workers presumed this one dead.
            self.lose(self.rooms[room], forgotten=False)
            for participant in map(bytes.decode, missing):
                self._holdings.remove_participant(room, participant, connected.get(participant, ""))
                self.events.left(room, participant)
        self._schedule(room, due)

    def disconnected(self) -> None:
        """The connection was lost: messages of the next one wait until all rooms are read again."""
        for followed in self.rooms.values():
            followed.buffer = []
            for _, _, future in followed.waiting:
                if not future.done():
                    future.set_result(None)
            followed.waiting = []

    def stop(self) -> Iterable["asyncio.Task[None]"]:
        """Follow no room any more; the tasks that have to be waited for."""
        self.rooms.clear()
        for task in self._fills:
            task.cancel()
        return list(self._fills)


def read_rows(rows: Sequence[Sequence[Answer]]) -> list[Entry]:
    """Entries of a stream, as XRANGE gives them. Raises `UnknownVersion`."""
    entries: list[Entry] = []
    for number, pairs in rows:
        fields: dict[bytes, bytes] = dict(zip(pairs[::2], pairs[1::2], strict=True))
        seq = int(number.partition(b"-")[0])
        entries.append(Entry.load(fields[b"d"], seq=seq, at=int(fields[b"t"]) / 1000))
    return entries

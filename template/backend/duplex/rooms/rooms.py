"""The rooms of this process: the members that are here, and their messages."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from pydantic_core import from_json

from duplex.brokers.base import Broker, BrokerUnavailable
from duplex.options import Options
from duplex.requests.documents import DocumentCache
from duplex.rooms.abandoned import Abandoned, Place
from duplex.rooms.member import Member
from duplex.socket.outbox import CROWD
from duplex.socket.pending import RecentBytes
from duplex.tasks import KeyedLocks, cancel_and_close
from duplex.wire.entries import Entry, Frame, skipped
from duplex.wire.protocol import Close


class Arrival:
    """A participant that is joining: room messages wait until the join has its number."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: list[Entry] = []


class Room:
    """The members of one session at this process. State that must outlive the process is kept by
    the broker. `opener`: the account or address that opened the session, or that joined it when it
    was empty. `logged` counts the bytes of its messages, of which the broker keeps up to
    `log_size`.
    """

    __slots__ = (
        "arrivals",
        "documents",
        "id",
        "log_size",
        "logged",
        "members",
        "opener",
        "watched",
    )

    def __init__(self, room_id: str, options: Options) -> None:
        self.id = room_id
        self.opener: str | None = None
        self.log_size = options.replay_bytes
        self.logged = RecentBytes(options.replay_seconds)
        self.members: dict[str, Member] = {}
        self.arrivals: set[Arrival] = set()
        self.documents = DocumentCache()
        self.watched = False

    @property
    def empty(self) -> bool:
        """Whether this process no longer has to follow the room."""
        return not self.members and not self.arrivals

    def size(self, now: float) -> int:
        """Bytes that the broker keeps of the session, approximately."""
        return self.documents.size + min(self.logged.size(now), self.log_size)

    def part(self, now: float) -> int:
        """Bytes that are counted for each member here."""
        return self.size(now) // max(len(self.members), 1)

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Send the room's next entries to every member here. A message that is the same for all is
        encoded once.
        """
        for arrival in self.arrivals:
            arrival.waiting.extend(entries)
        crowd = len(self.members) > CROWD
        for entry in entries:
            self.logged.add(entry.size())
            if entry.private:
                self._deliver_private(entry)
                continue
            seq, sender = entry.seq, entry.sender
            author = self.members.get(sender)
            if author is not None and author.connection is None:
                author.missed += entry.size()
            frame: Frame | None = None
            for member in self.members.values():
                connection = member.connection
                if connection is None or seq <= member.seen:
                    continue
                member.seen = seq
                if member.hidden:
                    connection.push(skipped(member.hidden))
                    member.hidden = 0
                if member.id == sender:
                    member.answer(connection, entry)
                    continue
                if frame is None:
                    frame = Frame(entry.for_others(), entry.retain, entry.state, seq)
                connection.push(frame, crowd=crowd)
            if entry.closes:
                self.end(_reason(entry))

    def _deliver_private(self, entry: Entry) -> None:
        """Send a numbered message to its sender alone. The others get a `skipped` in front of their
        next message.
        """
        for member in self.members.values():
            member.receive(entry)

    def catch_up(self, member: Member, arrival: Arrival) -> None:
        """Send a new member the messages that came while it was joining."""
        for entry in arrival.waiting:
            member.receive(entry)
            if entry.closes:
                self.members.pop(member.id, None)
                member.end(Close.ENDED, _reason(entry))

    def end(self, reason: str) -> None:
        """The session has ended for all members."""
        members, self.members = list(self.members.values()), {}
        for member in members:
            member.end(Close.ENDED, reason)


def _reason(entry: Entry) -> str:
    """The close reason of a message that ends the session: its sentence, if the session was closed
    from outside a handler.
    """
    if entry.state != "error":
        return "ended"
    return str(from_json(entry.head + b"}")["error"])


class Rooms:
    """Rooms with a member at this process, followed through the broker while they have one."""

    def __init__(self, broker: Broker, options: Options) -> None:
        self._broker = broker
        self._options = options
        self.abandoned = Abandoned(options.abandoned_bytes, options.replay_seconds)
        self._rooms: dict[str, Room] = {}
        self._watching = KeyedLocks()

    def __contains__(self, room_id: str) -> bool:
        return room_id in self._rooms

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, room_id: str) -> Room | None:
        """The room of this id, if this process has a member in it."""
        return self._rooms.get(room_id)

    def member(self, room_id: str, participant: str) -> Member | None:
        """A participant that this process knows."""
        room = self._rooms.get(room_id)
        return room.members.get(participant) if room is not None else None

    def members(self) -> Iterator[Member]:
        """All members of all rooms."""
        for room in self:
            yield from list(room.members.values())

    def open(self, room_id: str) -> Room:
        """The room of this id, created if necessary."""
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = Room(room_id, self._options)
        return room

    async def follow(self, room: Room) -> None:
        """Receive the room's messages from now on. Raises `BrokerUnavailable`."""
        if not room.watched:
            async with self._watching.of(room.id):
                await self._broker.watch(room.id)
                room.watched = True

    async def tidy(self, room: Room) -> None:
        """Stop following a room without members."""
        if not room.empty:
            return
        async with self._watching.of(room.id):
            if room.empty and self._rooms.get(room.id) is room:
                del self._rooms[room.id]
                room.watched = False
                await self._broker.unwatch(room.id)
                if room.opener is not None:
                    size = room.size(time.monotonic())
                    await self.abandon(room.opener, Place(room.id), size)

    async def abandon(self, owner: str, place: Place, size: int) -> None:
        """A participant or a session was abandoned. Deletes older ones of the same owner that
        exceed its limit.
        """
        now = asyncio.get_running_loop().time()
        for other in self.abandoned.add(owner, place, size, now):
            with suppress(BrokerUnavailable):
                if other.participant:
                    await self._broker.leave(other.room, other.participant, other.connection)
                else:
                    await self._broker.discard(other.room)

    async def stop(self) -> None:
        """Cancel all requests and forget the rooms, for the end of the process."""
        members = list(self.members())
        for member in members:
            member.requests.clear()
        await cancel_and_close(task for member in members for task in member.requests.tasks())
        self._rooms.clear()

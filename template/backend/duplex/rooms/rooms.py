"""The rooms of this process."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

from duplex.brokers.base import Broker, BrokerUnavailable
from duplex.brokers.keyed_locks import KeyedLocks
from duplex.options import Options
from duplex.rooms.abandoned import Abandoned, Place
from duplex.rooms.member import Member
from duplex.rooms.room import Room
from duplex.tasks import cancel_and_close


class Rooms:
    """Rooms with a member at this process, followed through the broker while they have one."""

    def __init__(self, broker: Broker, options: Options) -> None:
        self._broker = broker
        self._log_size = options.replay_bytes
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
            room = self._rooms[room_id] = Room(room_id)
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
                    await self.abandon(room.opener, Place(room.id), room.size(self._log_size))

    async def abandon(self, owner: str, place: Place, size: int) -> None:
        """A participant or a session was left behind. Gives up what its owner left before and may
        not keep any longer.
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

"""`memory://`: rooms in this process. The default, and the measure for other brokers.

Everything here happens between two awaits, so each method is one step for everybody else.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import to_json

from duplex.brokers.base import (
    BrokerEvents,
    Claim,
    Commit,
    Join,
    Joined,
    Keep,
    Lock,
    LockLost,
    Person,
    RoomGone,
)
from duplex.brokers.memory.handled import Handled
from duplex.brokers.memory.log import Log
from duplex.wire.entries import Entry


@dataclass(slots=True)
class _Participant:
    """Somebody who is present, in grace, or gone but may still resume (`present` False)."""

    id: str
    name: str
    user: str | None
    connection: str
    token_hash: str
    handled: Handled
    present: bool = True
    timer: asyncio.TimerHandle | None = None

    def disarm(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class _Room:
    __slots__ = (
        "document",
        "epoch",
        "expiry",
        "fence",
        "log",
        "mutex",
        "people",
        "tokens",
        "version",
    )

    def __init__(self, keep: Keep, document: bytes) -> None:
        self.epoch = secrets.token_hex(8)
        self.log = Log(keep)
        self.document = document
        self.version = 0
        self.fence = 0
        self.mutex: asyncio.Lock | None = None
        self.people: dict[str, _Participant] = {}
        self.tokens: dict[str, str] = {}
        self.expiry: asyncio.TimerHandle | None = None

    def present(self) -> list[Person]:
        return [Person(one.id, one.name) for one in self.people.values() if one.present]


class MemoryBroker:
    """See `Broker`. A lock's lease is not needed here: its holder cannot die without this
    process.
    """

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._rooms: dict[str, _Room] = {}
        self._watched: set[str] = set()
        self._events: BrokerEvents | None = None
        self._fence = 0

    async def start(self, events: BrokerEvents) -> None:
        self._events = events

    async def stop(self) -> None:
        for room_id in list(self._rooms):
            self._forget_room(room_id)
        self._events = None

    async def check(self) -> bool:
        return self._events is not None

    async def watch(self, room: str) -> None:
        self._watched.add(room)

    async def unwatch(self, room: str) -> None:
        self._watched.discard(room)

    async def join(self, wish: Join) -> Joined | None:
        room = self._rooms.get(wish.room)
        if room is None:
            if wish.seed is None:
                return None
            room = self._rooms[wish.room] = _Room(self._keep, wish.seed)
        if room.expiry is not None:
            room.expiry.cancel()
            room.expiry = None
        former = self._resumable(room, wish)
        if former is None:
            return self._join_new(wish, room)
        return self._resume(wish, room, former)

    def _resumable(self, room: _Room, wish: Join) -> _Participant | None:
        if wish.resume_hash is None:
            return None
        participant = room.tokens.get(wish.resume_hash)
        if participant is None:
            return None
        former = room.people[participant]
        return former if former.user == wish.user else None

    def _join_new(self, wish: Join, room: _Room) -> Joined:
        newcomer = _Participant(
            wish.participant,
            wish.name,
            wish.user,
            wish.connection,
            wish.token_hash,
            Handled(self._keep),
        )
        room.people[newcomer.id] = newcomer
        room.tokens[newcomer.token_hash] = newcomer.id
        self._append(wish.room, room, [_presence("joined", newcomer)])
        return self._joined(newcomer, room, resumed=False, replay=None)

    def _resume(self, wish: Join, room: _Room, former: _Participant) -> Joined:
        replay = self._replay(wish, room)
        former.disarm()
        replaced, former.connection = former.connection, wish.connection
        if self._events is not None:
            self._events.taken_over(wish.room, former.id, replaced)
        if not former.present:
            former.present = True
            del room.people[former.id]
            room.people[former.id] = former
            self._append(wish.room, room, [_presence("joined", former)])
        return self._joined(former, room, resumed=True, replay=replay)

    def _replay(self, wish: Join, room: _Room) -> list[Entry] | None:
        if wish.resume_epoch != room.epoch:
            return None
        return room.log.after(wish.resume_seq, asyncio.get_running_loop().time())

    def _joined(
        self, one: _Participant, room: _Room, *, resumed: bool, replay: list[Entry] | None
    ) -> Joined:
        return Joined(
            participant=one.id,
            name=one.name,
            epoch=room.epoch,
            seq=room.log.seq,
            document=room.document,
            people=room.present(),
            resumed=resumed,
            replay=replay,
        )

    async def leave(self, room: str, participant: str, connection: str) -> None:
        found = self._find(room, participant, connection)
        if found is None:
            return
        live, one = found
        self._forget(live, one)
        if one.present:
            self._tell_left(room, live, one)

    async def drop(
        self, room: str, participant: str, connection: str, *, at_once: bool = False
    ) -> None:
        found = self._find(room, participant, connection)
        if found is None or not found[1].present:
            return
        live, one = found
        one.disarm()
        if at_once:
            self._end_of_grace(room, live, one)
            return
        loop = asyncio.get_running_loop()
        one.timer = loop.call_later(self._keep.grace, self._end_of_grace, room, live, one)

    def _end_of_grace(self, room_id: str, room: _Room, one: _Participant) -> None:
        one.present = False
        rest = max(self._keep.seconds - self._keep.grace, 0.0)
        loop = asyncio.get_running_loop()
        one.timer = loop.call_later(rest, self._forget, room, one)
        self._tell_left(room_id, room, one)

    def _tell_left(self, room_id: str, room: _Room, one: _Participant) -> None:
        if self._events is not None:
            self._events.left(room_id, one.id)
        self._append(room_id, room, [_presence("left", one)])
        if not any(other.present for other in room.people.values()):
            loop = asyncio.get_running_loop()
            room.expiry = loop.call_later(self._keep.seconds, self._forget_room, room_id)

    def _find(
        self, room_id: str, participant: str, connection: str
    ) -> tuple[_Room, _Participant] | None:
        room = self._rooms.get(room_id)
        one = room.people.get(participant) if room is not None else None
        if room is None or one is None or one.connection != connection:
            return None
        return room, one

    def _forget(self, room: _Room, one: _Participant) -> None:
        one.disarm()
        room.people.pop(one.id, None)
        room.tokens.pop(one.token_hash, None)

    def _forget_room(self, room_id: str) -> None:
        room = self._rooms.pop(room_id, None)
        if room is None:
            return
        if room.expiry is not None:
            room.expiry.cancel()
        for one in room.people.values():
            one.disarm()

    async def people(self, room: str) -> Sequence[Person]:
        live = self._rooms.get(room)
        return live.present() if live is not None else []

    async def read(self, room: str) -> bytes:
        return self._live(room).document

    async def claim(self, room: str, participant: str, request_id: str, wait: float) -> Claim:
        one = self._live(room).people.get(participant)
        if one is None:
            raise RoomGone(room)
        return await one.handled.claim(request_id, wait)

    async def release(self, room: str, participant: str, request_id: str) -> None:
        live = self._rooms.get(room)
        one = live.people.get(participant) if live is not None else None
        if one is not None:
            one.handled.release(request_id)

    async def lock(self, room: str, lease: float) -> Lock:
        live = self._live(room)
        if live.mutex is None:
            live.mutex = asyncio.Lock()
        await live.mutex.acquire()
        if self._rooms.get(room) is not live:
            live.mutex.release()
            raise RoomGone(room)
        # Of no other lock, also not of a room that ended and was opened again under its id.
        self._fence += 1
        live.fence = self._fence
        return Lock(room, live.fence, live.document, live.version)

    async def unlock(self, lock: Lock) -> None:
        live = self._rooms.get(lock.room)
        if live is not None and live.fence == lock.token and live.mutex is not None:
            live.fence = 0
            live.mutex.release()

    async def commit(self, commit: Commit) -> int:
        room = self._live(commit.room)
        if commit.epoch not in ("", room.epoch):
            raise RoomGone(commit.room)
        if commit.claim is not None and commit.claim[0] not in room.people:
            # It claimed in a room that ended; this one was opened under its id.
            raise RoomGone(commit.room)
        if commit.lock is not None and commit.document is not None:
            if commit.lock.token != room.fence:
                raise LockLost(commit.room)
            room.document = commit.document
            room.version += 1
        if commit.reply is not None and commit.claim is not None:
            one = room.people.get(commit.claim[0])
            if one is not None and commit.settles:
                one.handled.settle(commit.claim[1], commit.reply, asyncio.get_running_loop().time())
            elif one is not None:
                one.handled.begun(commit.claim[1], commit.reply)
        if commit.ends:
            self._forget_room(commit.room)
            if room.mutex is not None and room.mutex.locked():
                room.mutex.release()
        if commit.entries:
            self._append(commit.room, room, commit.entries)
        return room.version

    async def tell(self, message: Mapping[str, str]) -> None:
        if self._events is not None:
            self._events.control(message)

    def _live(self, room_id: str) -> _Room:
        room = self._rooms.get(room_id)
        if room is None:
            raise RoomGone(room_id)
        return room

    def _append(self, room_id: str, room: _Room, entries: list[Entry]) -> None:
        now = asyncio.get_running_loop().time()
        for entry in entries:
            room.log.append(entry, now)
        if self._events is not None and room_id in self._watched:
            self._events.deliver(room_id, entries)


def _presence(state: str, one: _Participant) -> Entry:
    data = to_json({"participant": one.id, "name": one.name})
    return Entry(state, b'{"state":"%b","data":%b' % (state.encode(), data))

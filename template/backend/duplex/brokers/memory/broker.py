"""`memory://`: rooms in this process. The default, and the reference for other brokers.

Everything here happens between two awaits, so each method is one step for all other tasks.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from duplex.brokers.base import (
    BrokerEvents,
    Claim,
    Commit,
    FieldHeld,
    Gathering,
    Join,
    Joined,
    Lock,
    LockLost,
    Presence,
    PresencePage,
    Retention,
    RoomGone,
    TooManyPresent,
)
from duplex.brokers.memory.history import Handled, Trimmer
from duplex.brokers.memory.room import Record, Room
from duplex.wire import announcements
from duplex.wire.entries import Entry


class MemoryBroker:
    """See `Broker`. A lock's lease is not needed here: its holder cannot die without this
    process.
    """

    def __init__(self, retention: Retention, gathering: Gathering | None = None) -> None:
        self._retention = retention
        self._gathering = gathering or Gathering()
        self._rooms: dict[str, Room] = {}
        self._watched: set[str] = set()
        self._events: BrokerEvents | None = None
        self._now: Callable[[], float] = time.monotonic
        self._fence = 0
        self._trimmer = Trimmer(self._rooms)

    async def start(self, events: BrokerEvents) -> None:
        self._events = events
        self._now = asyncio.get_running_loop().time
        self._trimmer.start()

    async def stop(self) -> None:
        self._trimmer.stop()
        for room_id in list(self._rooms):
            self._forget_room(room_id)
        self._events = None

    async def check(self) -> bool:
        return self._events is not None

    async def watch(self, room: str) -> None:
        self._watched.add(room)

    async def unwatch(self, room: str) -> None:
        self._watched.discard(room)

    # --- presence

    async def join(self, request: Join) -> Joined | None:
        room = self._rooms.get(request.room)
        if room is None:
            if request.seed is None:
                return None
            room = self._open(request.room, request.seed)
        former = room.resumable(request)
        surplus = room.surplus(request, former)
        if surplus is None:
            raise TooManyPresent(request.owner)
        if room.expiry is not None:
            room.expiry.cancel()
            room.expiry = None
        replay = None
        if former is None:
            record = self._add(request, room)
        else:
            record, replay = former, self._replay(request, room)
            self._resume(request, room, former)
        for other in surplus:
            self._forget(request.room, room, other)
        return Joined(
            participant=record.id,
            name=record.public.name,
            epoch=room.epoch,
            seq=room.log.seq,
            document=announcements.merge_held(room.document, room.held),
            present=room.page(0, self._gathering.page),
            resumed=former is not None,
            replay=replay,
        )

    def _open(self, room_id: str, seed: bytes) -> Room:
        def announce(room: Room, entry: Entry) -> None:
            self._append(room_id, room, [entry])

        made = self._rooms[room_id] = Room(self._retention, self._gathering, seed, announce)
        return made

    def _add(self, request: Join, room: Room) -> Record:
        record = Record(
            Presence(request.participant, request.name, request.user),
            request.user,
            request.owner,
            request.connection,
            request.token_hash,
            Handled(self._retention),
        )
        room.add(record)
        room.appear(record)
        return record

    def _resume(self, request: Join, room: Room, record: Record) -> None:
        record.disarm()
        record.lost = 0.0
        replaced, record.connection = record.connection, request.connection
        if self._events is not None:
            self._events.taken_over(request.room, record.id, replaced)
        if not room.is_present(record):
            room.appear(record)

    def _replay(self, request: Join, room: Room) -> list[Entry] | None:
        if request.resume_epoch != room.epoch:
            return None
        return room.log.after(request.resume_seq, self._now())

    async def leave(self, room: str, participant: str, connection: str) -> None:
        found = self._find(room, participant, connection)
        if found is not None:
            self._forget(room, *found)

    async def drop(
        self, room: str, participant: str, connection: str, *, at_once: bool = False
    ) -> None:
        found = self._find(room, participant, connection)
        if found is None or not found[0].is_present(found[1]):
            return
        live, record = found
        record.disarm()
        loop = asyncio.get_running_loop()
        record.lost = loop.time()
        if at_once:
            self._end_grace(room, live, record)
            return
        record.timer = loop.call_later(self._retention.grace, self._end_grace, room, live, record)

    def _end_grace(self, room_id: str, room: Room, record: Record) -> None:
        rest = max(self._retention.seconds - self._retention.grace, 0.0)
        loop = asyncio.get_running_loop()
        record.timer = loop.call_later(rest, self._forget, room_id, room, record)
        self._disappear(room_id, room, record)

    def _forget(self, room_id: str, room: Room, record: Record) -> None:
        room.forget(record)
        self._unhold(room_id, room, record.id)
        if room.is_present(record):
            self._disappear(room_id, room, record)

    def _disappear(self, room_id: str, room: Room, record: Record) -> None:
        if self._events is not None:
            self._events.left(room_id, record.id)
        room.disappear(record)
        if not room.present():
            loop = asyncio.get_running_loop()
            room.expiry = loop.call_later(self._retention.seconds, self._forget_room, room_id)

    def _find(self, room_id: str, participant: str, connection: str) -> tuple[Room, Record] | None:
        room = self._rooms.get(room_id)
        record = room.records.get(participant) if room is not None else None
        if room is None or record is None or record.connection != connection:
            return None
        return room, record

    def _forget_room(self, room_id: str) -> None:
        room = self._rooms.pop(room_id, None)
        if room is not None:
            room.close()

    async def discard(self, room: str) -> None:
        live = self._rooms.get(room)
        if live is not None and not live.present():
            self._forget_room(room)

    async def present(self, room: str) -> Sequence[Presence]:
        live = self._rooms.get(room)
        return list(live.present()) if live is not None else []

    async def page(self, room: str, after: str | None) -> PresencePage:
        number = int(after or 0)
        live = self._rooms.get(room)
        return live.page(number, self._gathering.page) if live is not None else PresencePage([], 0)

    # --- requests

    async def read(self, room: str) -> bytes:
        live = self._live(room)
        return announcements.merge_held(live.document, live.held)

    async def claim(self, room: str, participant: str, request_id: str, wait: float) -> Claim:
        record = self._live(room).records.get(participant)
        if record is None:
            raise RoomGone(room)
        claim = record.handled.claim(request_id, self._now())
        if wait and claim.outcome == "busy":
            await record.handled.wait(request_id, wait)
            claim = record.handled.claim(request_id, self._now())
        return claim

    async def release(self, room: str, participant: str, request_id: str) -> None:
        live = self._rooms.get(room)
        record = live.records.get(participant) if live is not None else None
        if live is not None and record is not None:
            self._unhold(room, live, participant, request_id)
            record.handled.release(request_id, partial(self._append, room, live))

    async def lock(self, room: str, lease: float) -> Lock:
        live = self._live(room)
        if live.mutex is None:
            live.mutex = asyncio.Lock()
        await live.mutex.acquire()
        if self._rooms.get(room) is not live:
            live.mutex.release()
            raise RoomGone(room)
        # Unique in this process, also for a room that ended and was opened again under its id.
        self._fence += 1
        live.fence = self._fence
        return Lock(room, live.fence, live.document, live.version, live.held)

    async def unlock(self, lock: Lock) -> None:
        live = self._rooms.get(lock.room)
        if live is not None and live.fence == lock.token and live.mutex is not None:
            live.fence = 0
            live.mutex.release()

    async def commit(self, commit: Commit) -> int:
        room = self._live(commit.room)
        if commit.epoch not in ("", room.epoch):
            raise RoomGone(commit.room)
        if commit.claim is not None and commit.claim[0] not in room.records:
            # The claim was in a room that ended; this one was opened again under its id.
            raise RoomGone(commit.room)
        if commit.within is not None:
            record = room.records.get(commit.within[0])
            if record is not None and not record.handled.is_open(commit.within[1]):
                raise LockLost(f"the request {commit.within[1]} is over")
        if commit.holds and commit.claim is not None:
            participant, request_id = commit.claim
            if not room.records[participant].handled.is_open(request_id):
                raise LockLost(f"the request {request_id} is over")
            field = room.is_held(commit.holds, commit.claim)
            if field is not None:
                raise FieldHeld(field)
        if commit.lock is not None and commit.document is not None:
            if commit.lock.token != room.fence:
                raise LockLost(commit.room)
            room.document = commit.document
            room.version += 1
        if commit.holds and commit.claim is not None:
            self._hold(commit.room, room, commit.holds, commit.claim)
        if room.holds and commit.reply is not None and commit.claim is not None and commit.settles:
            self._unhold(commit.room, room, *commit.claim)
        if commit.ends:
            self._forget_room(commit.room)
            if room.mutex is not None and room.mutex.locked():
                room.mutex.release()
        if commit.entries:
            self._append(commit.room, room, commit.entries)
        if commit.reply is not None and commit.claim is not None:
            # Behind the append, which numbers the reply.
            self._record(room, commit, commit.claim, commit.reply)
        return room.version

    def _hold(
        self, room_id: str, room: Room, holds: Mapping[str, bytes], claim: tuple[str, str]
    ) -> None:
        for field, value in holds.items():
            room.holds[field] = *claim, value
            self._append(room_id, room, [announcements.held(field, value)])

    def _unhold(
        self, room_id: str, room: Room, participant: str, request_id: str | None = None
    ) -> None:
        self._append(room_id, room, room.unhold(participant, request_id))

    def _record(self, room: Room, commit: Commit, claim: tuple[str, str], reply: Entry) -> None:
        record = room.records.get(claim[0])
        if record is None:
            # Its participant left because of this very commit.
            return
        handled = record.handled
        if commit.settles:
            handled.settle(claim[1], reply, self._now())
        else:
            handled.begun(claim[1], reply, commit.endings)

    async def broadcast(self, message: Mapping[str, str]) -> None:
        if self._events is not None:
            self._events.control(message)

    def _live(self, room_id: str) -> Room:
        room = self._rooms.get(room_id)
        if room is None:
            raise RoomGone(room_id)
        return room

    def _append(self, room_id: str, room: Room, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        now = self._now()
        for entry in entries:
            room.log.append(entry, now)
        if self._events is not None and room_id in self._watched:
            self._events.deliver(room_id, entries)

"""`redis://` and `rediss://`: rooms in Redis (7 or newer) or Valkey, shared by all workers.

Each step is one Lua script (`lua/`), so it is atomic and costs one round trip. A commit checks the
lock's fence and the request's claim, numbers the entries, keeps them in the room's stream, stores
the document and the reply, and publishes the entries. Every process has one connection subscribed
to the rooms it watches; messages missed while it is disconnected are read from the streams
afterwards.

Cluster: all keys of a room share a hash tag, and scripts touch one room only. This client talks
to one server, though (which may have a failover in front of it); it does not follow the slots of a
cluster.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from pydantic_core import from_json, to_json

from duplex.brokers.base import (
    BrokerEvents,
    BrokerUnavailable,
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
from duplex.brokers.redis.control import KEPT
from duplex.brokers.redis.follower import Followed
from duplex.brokers.redis.lease import Lease
from duplex.brokers.redis.link import Answer
from duplex.brokers.redis.packing import (
    pack_commit,
    pack_join,
    read_held,
    read_joined,
    read_page,
    read_present,
    read_reply,
)
from duplex.tasks import KeyedLocks
from duplex.wire import announcements
from duplex.wire.entries import Entry

TIMEOUT: Final = 2.0
"""Seconds the store may take for an answer before it counts as unreachable."""

LEASE: Final = 6.0
"""Seconds after its last heartbeat at which a worker counts as dead."""

_ASK_AGAIN: Final = 1.0
"""Seconds after which a waiting claim is checked again even without a message."""

_NEW: Final = Claim("new")
_BUSY: Final = Claim("busy")


class RedisBroker:
    """See `Broker`. `prefix` is the first part of every key."""

    def __init__(
        self,
        url: str,
        retention: Retention,
        gathering: Gathering | None = None,
        *,
        prefix: str = "duplex",
        timeout: float = TIMEOUT,
        lease: float = LEASE,
    ) -> None:
        self._gathering = gathering or Gathering()
        self.lease = Lease(
            url, retention, self._gathering, prefix=prefix, timeout=timeout, seconds=lease
        )
        self._holdings = self.lease.holdings
        self._watching = KeyedLocks()

    async def start(self, events: BrokerEvents) -> None:
        """See `Broker`."""
        self.lease.follower.events = events
        await self.lease.start()

    async def stop(self) -> None:
        """See `Broker`."""
        await self.lease.stop()

    async def check(self) -> bool:
        """See `Broker`."""
        try:
            await self.lease.link.call("PING")
        except BrokerUnavailable:
            return False
        return True

    # --- rooms

    async def watch(self, room: str) -> None:
        """See `Broker`."""
        lease, rooms = self.lease, self.lease.follower.rooms
        async with self._watching.of(room):
            if room in rooms:
                return
            link = lease.link
            followed = rooms[room] = Followed(room)
            try:
                await lease.register(link, [room])
                await link.subscribe([lease.keyspace.channel(room)])
                answer = await lease.run("tail", room, followed.epoch, followed.seen)
            except BaseException:
                rooms.pop(room, None)
                raise
            if followed.buffer is not None:
                lease.follower.caught_up(followed, answer)

    async def unwatch(self, room: str) -> None:
        """See `Broker`."""
        lease = self.lease
        async with self._watching.of(room):
            if lease.follower.rooms.pop(room, None) is None:
                return
            # If the store is unreachable, the next connection subscribes to watched rooms only.
            with suppress(BrokerUnavailable):
                link = lease.link
                await link.unsubscribe(lease.keyspace.channel(room))
                if room not in self._holdings.connected:
                    await link.call("SREM", lease.keyspace.worker_rooms, room)

    async def join(self, request: Join) -> Joined | None:
        """See `Broker`."""
        task = asyncio.get_running_loop().create_task(self._join(request))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # The caller was cancelled, so its connection has to be dropped again.
            self.lease.spawn(self._undo_join(task, request))
            raise

    async def _undo_join(self, task: Awaitable[Joined | None], request: Join) -> None:
        with suppress(TooManyPresent):
            joined = await task
            if joined is not None:
                await self.drop(request.room, joined.participant, request.connection)

    async def _join(self, request: Join) -> Joined | None:
        room, worker = request.room, self._holdings.worker
        answer = await self._run("join", room, pack_join(request, worker), request.seed or b"")
        if answer[0] == 0:
            return None
        if answer[0] == -1:
            raise TooManyPresent(request.owner)
        joined, due = read_joined(answer)
        self._holdings.add_participant(room, joined.participant, request.connection)
        self.lease.timers.schedule(room, due)
        return joined

    async def leave(self, room: str, participant: str, connection: str) -> None:
        """See `Broker`."""
        await self._depart("leave", room, participant, connection)

    async def drop(
        self, room: str, participant: str, connection: str, *, at_once: bool = False
    ) -> None:
        """See `Broker`."""
        await self._depart("at_once" if at_once else "drop", room, participant, connection)

    async def _depart(self, how: str, room: str, participant: str, connection: str) -> None:
        self._holdings.remove_participant(room, participant, connection)
        release = self.lease.releases.release
        due = await release("depart", room, how, participant, connection)
        self.lease.timers.schedule(room, due)

    async def discard(self, room: str) -> None:
        """See `Broker`."""
        await self.lease.run("discard", room)

    async def present(self, room: str) -> Sequence[Presence]:
        """See `Broker`."""
        return read_present(await self.lease.run("present", room))

    async def page(self, room: str, after: str | None) -> PresencePage:
        """See `Broker`."""
        number, limit = int(after or 0), self._gathering.page
        key, link = self.lease.keyspace.room(room) + b":present", self.lease.link
        # One more than needed, to know whether there is a following page.
        bounds = (f"({number}", "+inf", "WITHSCORES", "LIMIT", 0, limit + 1)
        found, total = await asyncio.gather(
            link.call("ZRANGEBYSCORE", key, *bounds), link.call("ZCARD", key)
        )
        return read_page(found, total, limit)

    async def read(self, room: str) -> bytes:
        """See `Broker`."""
        key = self.lease.keyspace.room(room)
        document, held = await self.lease.link.call("HMGET", key, "doc", "held")
        if document is None:
            raise RoomGone(room)
        return announcements.merge_held(document, read_held(held))

    # --- requests

    async def claim(self, room: str, participant: str, request_id: str, wait: float) -> Claim:
        """See `Broker`."""
        holdings = self._holdings
        key = (room, participant, request_id)
        nonce = holdings.nonce()
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        try:
            while True:
                answer = await self._run("claim", room, participant, request_id, nonce)
                if answer[0] == -1:
                    raise RoomGone(room)
                if answer[0] == 0:
                    holdings.claims[key] = nonce
                    return _NEW
                if answer[0] == 2:
                    return Claim("done", read_reply(answer[1]))
                if loop.time() >= end:
                    return _BUSY
                # Asked once more before waiting, for a message between the answer and now.
                closed = holdings.closed(key)
                answer = await self._run("claim", room, participant, request_id, nonce)
                if answer[0] == 1:
                    until = min(end, loop.time() + _ASK_AGAIN)
                    await asyncio.wait([closed], timeout=until - loop.time())
                    if closed.done():
                        closed.result()
                elif answer[0] == 0:
                    holdings.claims[key] = nonce
                    return _NEW
        except asyncio.CancelledError:
            self.lease.spawn(self._release(room, participant, request_id, nonce))
            raise

    async def release(self, room: str, participant: str, request_id: str) -> None:
        """See `Broker`."""
        nonce = self._holdings.claims.pop((room, participant, request_id), None)
        if nonce is not None:
            await self._release(room, participant, request_id, nonce)

    async def _release(self, room: str, participant: str, request_id: str, nonce: str) -> None:
        await self.lease.releases.release("release", room, f"{participant} {request_id}", nonce)

    async def lock(self, room: str, lease: float) -> Lock:
        """See `Broker`."""
        ms = round(lease * 1000)
        ticket = f"{self._holdings.nonce()} {ms}"
        try:
            answer: Answer = [0]
            while answer[0] == 0:
                with self._holdings.granted(ticket) as granted:
                    answer = await self._run("lock", room, ticket, ms)
                    if answer[0] == 0:
                        await asyncio.wait([granted], timeout=answer[1] / 1000 + 0.005)
                        if granted.done():
                            granted.result()
        except asyncio.CancelledError:
            self.lease.spawn(self.lease.withdraw(room, ticket))
            raise
        if answer[0] == -1:
            raise RoomGone(room)
        _, token, document, version, held = answer
        self._holdings.locks[room] = token, ticket
        return Lock(room, token, document, version, read_held(held))

    async def unlock(self, lock: Lock) -> None:
        """See `Broker`."""
        token, ticket = self._holdings.locks.get(lock.room, (0, ""))
        if token == lock.token:
            del self._holdings.locks[lock.room]
            await self.lease.withdraw(lock.room, ticket)

    async def commit(self, commit: Commit) -> int:
        """See `Broker`."""
        room, entries = commit.room, commit.entries
        participant, request_id = commit.claim or commit.within or ("", "")
        nonce = self._holdings.claims.get((room, participant, request_id), "")
        packed = pack_commit(commit, nonce)
        private = commit.reply if packed.get("reply") == 0 else None
        answer = await self._run(
            "commit",
            room,
            to_json(packed),
            commit.document if packed["fence"] and commit.document is not None else b"",
            private.dump() if private is not None else b"",
            *(entry.dump() for entry in (*entries, *commit.endings)),
        )
        if answer[0] == -1:
            raise RoomGone(room)
        if answer[0] == -2:
            raise LockLost(room)
        if "reply" in packed and (commit.settles or answer[0] == -3):
            self._holdings.claims.pop((room, participant, request_id), None)
        if answer[0] == -4:
            raise FieldHeld(from_json(answer[1]))
        if answer[0] == -3:
            raise LockLost(f"the request {request_id} was given to another worker")
        _, version, first, at, epoch = answer
        for seq, entry in enumerate(entries, first):
            entry.seq, entry.at = seq, at / 1000
        if entries or commit.ends:
            await self._delivered(room, epoch, entries, ends=commit.ends)
        return version

    async def _delivered(
        self, room: str, epoch: bytes, entries: Sequence[Entry], *, ends: bool
    ) -> None:
        """Return when this process has delivered its own entries: replies keep their order."""
        future = self.lease.follower.committed(room, epoch, entries, ends=ends)
        if future is not None:
            await asyncio.wait([future], timeout=TIMEOUT)

    async def broadcast(self, message: Mapping[str, str]) -> None:
        """See `Broker`."""
        lease = self.lease
        keys = [lease.keyspace.control]
        await lease.link.run(lease.scripts["broadcast"], keys, to_json(dict(message)), KEPT)

    async def _run(self, script: str, room: str, *arguments: bytes | str | int) -> Answer:
        """Run a script of a room; the effect of a failed one is settled after the reconnect."""
        try:
            return await self.lease.run(script, room, *arguments)
        except BrokerUnavailable:
            self._holdings.unsettled.add(room)
            raise

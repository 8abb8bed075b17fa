"""`redis://` and `rediss://`: rooms in Redis (7 or newer) or Valkey, shared by all workers.

Each step is one Lua script (`lua/`), so it is whole and costs one round trip. A commit checks the
lock's fence and the request's claim, numbers the entries, keeps them in the room's stream, stores
the document and the reply, and publishes the entries. Every process has one connection that hears
the rooms it watches; what it misses while it is cut off is read from the stream afterwards.

Cluster: all keys of a room share a hash tag, and scripts touch one room only. This client talks to
one server, though (with failover in front of it if you like); it does not follow slots over a
cluster.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from pydantic_core import from_json, to_json

from duplex.brokers.base import (
    BrokerEvents,
    BrokerUnavailable,
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
from duplex.brokers.keyed_locks import KeyedLocks
from duplex.brokers.redis.follower import Followed, read_rows
from duplex.brokers.redis.lease import Keeper
from duplex.brokers.redis.link import Answer
from duplex.wire.entries import Entry

TIMEOUT: Final = 2.0
"""Seconds the store may take for an answer before it counts as unreachable."""

LEASE: Final = 6.0
"""Seconds after which a worker that shows no sign of life is taken for dead."""

_ASK_AGAIN: Final = 1.0
"""Seconds after which a waiting claim is looked at again even if nothing was heard of it."""


class RedisBroker:
    """See `Broker`."""

    def __init__(
        self, url: str, keep: Keep, *, timeout: float = TIMEOUT, lease: float = LEASE
    ) -> None:
        self.keeper = Keeper(url, keep, timeout, lease)
        self._books = self.keeper.books
        self._watching = KeyedLocks()

    async def start(self, events: BrokerEvents) -> None:
        """See `Broker`."""
        self.keeper.follower.events = events
        await self.keeper.start()

    async def stop(self) -> None:
        """See `Broker`."""
        await self.keeper.stop()

    async def check(self) -> bool:
        """See `Broker`."""
        try:
            await self.keeper.link.call("PING")
        except BrokerUnavailable:
            return False
        return True

    # --- rooms

    async def watch(self, room: str) -> None:
        """See `Broker`."""
        keeper, rooms = self.keeper, self.keeper.follower.rooms
        async with self._watching.of(room):
            if room in rooms:
                return
            link = keeper.link
            followed = rooms[room] = Followed(room)
            try:
                await keeper.own(link, [room])
                await link.subscribe([keeper.names.channel(room)])
                answer = await keeper.run("tail", room, followed.epoch, followed.seen)
            except BaseException:
                rooms.pop(room, None)
                raise
            if followed.behind is not None:
                keeper.follower.caught_up(followed, answer)

    async def unwatch(self, room: str) -> None:
        """See `Broker`."""
        keeper = self.keeper
        async with self._watching.of(room):
            if keeper.follower.rooms.pop(room, None) is None:
                return
            # Out of reach there is nothing to undo: the next connection hears watched rooms only.
            with suppress(BrokerUnavailable):
                link = keeper.link
                await link.unsubscribe(keeper.names.channel(room))
                if room not in self._books.here:
                    await link.call("SREM", keeper.names.own_rooms, room)

    async def join(self, wish: Join) -> Joined | None:
        """See `Broker`."""
        task = asyncio.get_running_loop().create_task(self._join(wish))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # Nobody will know of this connection: it has to be dropped again.
            self.keeper.spawn(self._undo_join(task, wish))
            raise

    async def _undo_join(self, task: Awaitable[Joined | None], wish: Join) -> None:
        joined = await task
        if joined is not None:
            await self.drop(wish.room, joined.participant, wish.connection)

    async def _join(self, wish: Join) -> Joined | None:
        data = to_json({"participant": wish.participant, "name": wish.name})
        joined, left = (
            Entry(state, b'{"state":"%b","data":%b' % (state.encode(), data))
            for state in ("joined", "left")
        )
        answer = await self._owing(
            "join",
            wish.room,
            wish.participant,
            wish.name,
            "" if wish.user is None else f"u{wish.user}",
            wish.connection,
            wish.token_hash,
            wish.resume_hash or "",
            wish.resume_epoch or "",
            wish.resume_seq,
            0 if wish.seed is None else 1,
            wish.seed or b"",
            secrets.token_hex(8),
            self._books.worker,
            data,
            joined.dump(),
            left.dump(),
            joined.size(),
            left.size(),
        )
        if answer[0] == 0:
            return None
        _, participant, name, epoch, seq, document, people, resumed, replay, due = answer
        self._books.arrived(wish.room, participant.decode(), wish.connection)
        self.keeper.dues.due_in(wish.room, due)
        return Joined(
            participant=participant.decode(),
            name=name.decode(),
            epoch=epoch.decode(),
            seq=seq,
            document=document,
            people=_people(people),
            resumed=resumed == 1,
            replay=None if replay is None else read_rows(replay),
        )

    async def leave(self, room: str, participant: str, connection: str) -> None:
        """See `Broker`."""
        await self._part("leave", room, participant, connection)

    async def drop(
        self, room: str, participant: str, connection: str, *, at_once: bool = False
    ) -> None:
        """See `Broker`."""
        await self._part("gone" if at_once else "drop", room, participant, connection)

    async def _part(self, how: str, room: str, participant: str, connection: str) -> None:
        self._books.gone(room, participant, connection)
        due = await self.keeper.debts.pay("part", room, how, participant, connection)
        self.keeper.dues.due_in(room, due)

    async def people(self, room: str) -> Sequence[Person]:
        """See `Broker`."""
        key = self.keeper.names.room(room) + b":present"
        return _people(await self.keeper.link.call("ZRANGE", key, 0, -1))

    async def read(self, room: str) -> bytes:
        """See `Broker`."""
        document = await self.keeper.link.call("HGET", self.keeper.names.room(room), "doc")
        if document is None:
            raise RoomGone(room)
        return document

    # --- requests

    async def claim(self, room: str, participant: str, request_id: str, wait: float) -> Claim:
        """See `Broker`."""
        books = self._books
        field = (room, participant, request_id)
        nonce = books.number()
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        try:
            while True:
                answer = await self._owing("claim", room, participant, request_id, nonce)
                if answer[0] == -1:
                    raise RoomGone(room)
                if answer[0] == 0:
                    books.claims[field] = nonce
                    return _NEW
                if answer[0] == 2:
                    return Claim("done", _reply(answer[1]))
                if loop.time() >= end:
                    return _BUSY
                # Asked once more before waiting, for what was said between the answer and now.
                settled = books.settled(field)
                answer = await self._owing("claim", room, participant, request_id, nonce)
                if answer[0] == 1:
                    until = min(end, loop.time() + _ASK_AGAIN)
                    await asyncio.wait([settled], timeout=until - loop.time())
                    if settled.done():
                        settled.result()
                elif answer[0] == 0:
                    books.claims[field] = nonce
                    return _NEW
        except asyncio.CancelledError:
            self.keeper.spawn(self._release(room, participant, request_id, nonce))
            raise

    async def release(self, room: str, participant: str, request_id: str) -> None:
        """See `Broker`."""
        nonce = self._books.claims.pop((room, participant, request_id), None)
        if nonce is not None:
            await self._release(room, participant, request_id, nonce)

    async def _release(self, room: str, participant: str, request_id: str, nonce: str) -> None:
        await self.keeper.debts.pay("release", room, f"{participant} {request_id}", nonce)

    async def lock(self, room: str, lease: float) -> Lock:
        """See `Broker`."""
        ms = round(lease * 1000)
        ticket = f"{self._books.number()} {ms}"
        try:
            answer: Answer = [0]
            while answer[0] == 0:
                with self._books.granted(ticket) as granted:
                    answer = await self._owing("lock", room, ticket, ms)
                    if answer[0] == 0:
                        await asyncio.wait([granted], timeout=answer[1] / 1000 + 0.005)
                        if granted.done():
                            granted.result()
        except asyncio.CancelledError:
            self.keeper.spawn(self.keeper.withdraw(room, ticket))
            raise
        if answer[0] == -1:
            raise RoomGone(room)
        _, token, document, version = answer
        self._books.locks[room] = token, ticket
        return Lock(room, token, document, version)

    async def unlock(self, lock: Lock) -> None:
        """See `Broker`."""
        token, ticket = self._books.locks.get(lock.room, (0, ""))
        if token == lock.token:
            del self._books.locks[lock.room]
            await self.keeper.withdraw(lock.room, ticket)

    async def commit(self, commit: Commit) -> int:
        """See `Broker`."""
        room, entries, reply = commit.room, commit.entries, commit.reply
        locked = commit.lock is not None and commit.document is not None
        participant, request_id = commit.claim or ("", "")
        field = (room, participant, request_id)
        nonce, which = "", -1
        if reply is not None and commit.claim is not None:
            nonce = self._books.claims.get(field, "")
            which = next((i for i, entry in enumerate(entries, 1) if entry is reply), 0)
        private = reply if which == 0 else None
        arguments: list[bytes | str | int] = [
            commit.lock.token if commit.lock is not None and locked else "",
            (commit.document or b"") if locked else b"",
            participant,
            request_id,
            nonce,
            which,
            private.dump() if private is not None else b"",
            private.size() if private is not None else 0,
            int(commit.ends),
            int(commit.settles),
            commit.epoch,
        ]
        for entry in entries:
            arguments += (entry.dump(), entry.size(), entry.retain, entry.state)
        answer = await self._owing("commit", room, *arguments)
        if answer[0] == -1:
            raise RoomGone(room)
        if answer[0] == -2:
            raise LockLost(room)
        if which >= 0 and (commit.settles or answer[0] == -3):
            self._books.claims.pop(field, None)
        if answer[0] == -3:
            raise LockLost(f"the request {request_id} was given to another worker")
        _, version, first, at, epoch = answer
        for seq, entry in enumerate(entries, first):
            entry.seq, entry.at = seq, at / 1000
        if entries or commit.ends:
            await self._seen(room, epoch, entries, ends=commit.ends)
        return version

    async def _seen(self, room: str, epoch: bytes, entries: Sequence[Entry], *, ends: bool) -> None:
        """Come back when this process was told of its own entries: replies keep their order."""
        future = self.keeper.follower.committed(room, epoch, entries, ends=ends)
        if future is not None:
            await asyncio.wait([future], timeout=TIMEOUT)

    async def tell(self, message: Mapping[str, str]) -> None:
        """See `Broker`."""
        keeper = self.keeper
        script, kept = keeper.scripts["tell"], 3600 * 1000
        await keeper.link.run(script, [keeper.names.control], to_json(dict(message)), kept)

    async def _owing(self, script: str, room: str, *arguments: bytes | str | int) -> Answer:
        """Run a script of a room; what a failed one may have done is settled on reconnecting."""
        try:
            return await self.keeper.run(script, room, *arguments)
        except BrokerUnavailable:
            self._books.owed.add(room)
            raise


_NEW: Final = Claim("new")
_BUSY: Final = Claim("busy")


def _people(rows: Sequence[bytes]) -> list[Person]:
    found = (from_json(row) for row in rows)
    return [Person(one["participant"], one["name"]) for one in found]


def _reply(kept: bytes) -> Entry | None:
    """A handled request's reply, kept as `<seq> <dump>`; empty where it was too big to keep."""
    seq, _, dump = kept.partition(b" ")
    return Entry.load(dump, seq=int(seq)) if dump else None

"""Both brokers get the same random calls: their answers and deliveries must be equal."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from duplex.brokers import from_url
from duplex.brokers.base import (
    Broker,
    Commit,
    Join,
    Joined,
    Lock,
    LockLost,
    Retention,
    RoomGone,
)
from duplex.wire.entries import Entry
from duplex_dev.testing.servers import Valkey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.brokers.support import UNGATHERED, Recorder, join_request, message

RETENTION = Retention(count=6, size=2000, seconds=3600.0, grace=3600.0)
PEOPLE = ("ada", "bob", "eve")

people = st.sampled_from(PEOPLE)
requests = st.sampled_from(("1", "2"))
seqs = st.integers(0, 12)

step = st.one_of(
    st.tuples(st.just("join"), people, st.booleans()),
    st.tuples(st.just("resume"), people, seqs, st.booleans()),
    st.tuples(st.sampled_from(("leave", "drop", "step out")), people, st.booleans()),
    st.tuples(
        st.just("say"),
        people,
        st.lists(st.sampled_from(("all", "latest", "none")), min_size=1, max_size=3),
        st.integers(0, 400),
    ),
    st.tuples(st.just("lock")),
    st.tuples(st.just("edit"), st.booleans(), st.booleans()),
    st.tuples(st.just("unlock")),
    st.tuples(st.just("claim"), people, requests),
    st.tuples(st.just("release"), people, requests),
    st.tuples(st.just("settle"), people, requests, st.booleans(), st.integers(0, 900)),
    st.tuples(st.just("end"), people),
    st.tuples(st.just("look")),
)


@dataclass
class BrokerRun:
    """One broker, and the state of its calls. `epochs`: in the order in which they came."""

    broker: Broker
    room: str
    record: Recorder = field(default_factory=Recorder)
    epochs: list[str] = field(default_factory=list[str])
    connections: dict[str, str] = field(default_factory=dict[str, str])
    token: dict[str, str] = field(default_factory=dict[str, str])
    lock: Lock | None = None
    former: Lock | None = None
    joins: int = 0

    async def do(self, one: tuple[Any, ...]) -> object:
        """Take one step. Returns its answer, or the name of its exception."""
        try:
            return await getattr(self, "_" + one[0].replace(" ", "_"))(*one[1:])
        except (RoomGone, LockLost) as error:
            return type(error).__name__

    def _joined(self, joined: Joined | None, person: str) -> object:
        if joined is None:
            return None
        if joined.epoch not in self.epochs:
            self.epochs.append(joined.epoch)
        self.connections[joined.participant] = f"{person}-{self.joins}"
        return (
            joined.participant,
            joined.name,
            self.epochs.index(joined.epoch),
            joined.seq,
            joined.document,
            list(joined.present.participants),
            joined.resumed,
            None if joined.replay is None else [_shown(entry) for entry in joined.replay],
        )

    def _join_of(self, person: str, **more: object) -> Join:
        self.joins += 1
        connection = f"{person}-{self.joins}"
        token = f"{person}-token-{self.joins}"
        participant = f"{person}-{self.joins}"
        self.token.setdefault(person, token)
        return join_request(
            self.room, participant, connection=connection, token_hash=token, user=person, **more
        )

    async def _join(self, person: str, seeded: bool) -> object:
        self.token.pop(person, None)
        wanted = self._join_of(person, seed=b"{}" if seeded else None)
        return self._joined(await self.broker.join(wanted), person)

    async def _resume(self, person: str, seq: int, latest: bool) -> object:
        token = self.token.get(person, "never")
        epoch = self.epochs[-1] if self.epochs and latest else "another"
        wanted = self._join_of(person, resume_hash=token, resume_epoch=epoch, resume_seq=seq)
        return self._joined(await self.broker.join(wanted), person)

    def _present(self, person: str) -> str:
        """The participant this person was last."""
        mine = [one for one in self.connections if one.startswith(person)]
        return mine[-1] if mine else "nobody"

    def _connection(self, person: str, own: bool) -> str:
        return self.connections.get(self._present(person), "") if own else "another"

    async def _leave(self, person: str, own: bool) -> None:
        who, connection = self._present(person), self._connection(person, own)
        await self.broker.leave(self.room, who, connection)

    async def _drop(self, person: str, own: bool) -> None:
        who, connection = self._present(person), self._connection(person, own)
        await self.broker.drop(self.room, who, connection)

    async def _step_out(self, person: str, own: bool) -> None:
        who, connection = self._present(person), self._connection(person, own)
        await self.broker.drop(self.room, who, connection, at_once=True)

    async def _say(self, person: str, retains: list[Any], length: int) -> object:
        entries = [message("x" * length, person, state=one, retain=one) for one in retains]
        version = await self.broker.commit(Commit(self.room, entries))
        return version, [entry.seq for entry in entries]

    async def _lock(self) -> object:
        if self.lock is not None:
            return "held"
        self.lock = await self.broker.lock(self.room, 3600)
        return self.lock.document, self.lock.version

    async def _edit(self, present: bool, telling: bool) -> object:
        lock = self.lock if present else self.former
        if lock is None:
            return "no lock"
        entries = [message("edited")] if telling else []
        document = b'{"by":%d}' % lock.token
        version = await self.broker.commit(Commit(self.room, entries, lock, document))
        return version, [entry.seq for entry in entries]

    async def _unlock(self) -> None:
        if self.lock is not None:
            self.former, self.lock = self.lock, None
            await self.broker.unlock(self.former)

    async def _claim(self, person: str, request_id: str) -> object:
        who = self._present(person)
        claim = await self.broker.claim(self.room, who, request_id, 0)
        return claim.outcome, claim.reply and _shown(claim.reply)

    async def _release(self, person: str, request_id: str) -> None:
        await self.broker.release(self.room, self._present(person), request_id)

    async def _settle(self, person: str, request_id: str, private: bool, length: int) -> object:
        who = self._present(person)
        # Only what was claimed is settled, and once: so does the engine.
        claim = await self.broker.claim(self.room, who, request_id, 0)
        if claim.outcome != "new":
            return claim.outcome, claim.reply and _shown(claim.reply)
        reply = message("y" * length, who, request_id=request_id, private=private)
        entries = [] if private else [reply]
        await self.broker.commit(Commit(self.room, entries, claim=(who, request_id), reply=reply))
        return _shown(reply)

    async def _end(self, person: str) -> object:
        entry = message("bye", person, closes=True)
        await self.broker.commit(Commit(self.room, [entry], ends=True))
        # The connections are closed, the lock with them.
        self.lock = self.former = None
        return entry.seq

    async def _look(self) -> object:
        return await self.broker.read(self.room), list(await self.broker.present(self.room))


def _shown(entry: Entry) -> tuple[bytes, bytes, str, bool]:
    return entry.for_others(), entry.for_sender(), entry.retain, entry.closes


async def _compare(url: str, history: list[tuple[Any, ...]]) -> None:
    room = uuid4().hex
    both = [
        BrokerRun(from_url(one, RETENTION, gathering=UNGATHERED), room)
        for one in ("memory://", url)
    ]
    for run in both:
        await run.broker.start(run.record)
        await run.broker.watch(room)
    for number, one in enumerate(history):
        answers = [await run.do(one) for run in both]
        assert answers[0] == answers[1], (number, one)
    memory, redis = (run.record for run in both)
    # Redis delivers presence through its channel, so it may come a little later.
    await redis.until(lambda: len(redis.entries[room]) >= len(memory.entries[room]))
    assert [_shown(one) for one in redis.entries[room]] == [
        _shown(one) for one in memory.entries[room]
    ]
    assert [one for one in redis.events if one[0] == "left"] == [
        one for one in memory.events if one[0] == "left"
    ]
    assert ("lost", room) not in redis.events
    for run in both:
        await run.broker.stop()


def test_both_brokers_behave_the_same_for_random_histories(valkey: Valkey) -> None:
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        database=None,
    )
    @given(st.lists(step, min_size=5, max_size=40))
    def compare(history: list[tuple[Any, ...]]) -> None:
        asyncio.run(_compare(valkey.url, [("join", "ada", True), *history]))

    compare()

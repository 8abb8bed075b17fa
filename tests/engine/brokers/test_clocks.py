"""A clock is set back by an hour: nothing waits or lasts for as long."""

import asyncio
import time

import pytest
from duplex.brokers.base import Gathering, Retention
from duplex.identity import Validity
from duplex_dev.testing.servers import Valkey

from tests.engine.brokers.processes import Open, lease_of
from tests.engine.brokers.promises import Process, joined
from tests.engine.brokers.support import PATIENCE, eventually

HOUR = 3_600_000


async def postpone(process: Process, room: str, part: bytes, member: str) -> None:
    """What is due in a while is due an hour later, as after the change of the clock."""
    lease = lease_of(process)
    key = lease.keyspace.workers if part == b"workers" else lease.keyspace.room(room) + part
    assert await lease.link.call("ZSCORE", key, member) is not None
    await lease.link.call("ZINCRBY", key, HOUR, member)


async def test_a_dead_worker_is_missed(valkey: Valkey, process: Open, room: str) -> None:
    first, gone = [await process(valkey.url, lease=0.6) for _ in range(2)]
    await joined(gone, room, "ada")
    await joined(first, room, "bob")
    worker = lease_of(gone).holdings.worker
    # It is killed: its connection ends, and nobody renews its lease.
    lease_of(gone).holdings.worker = "another"
    await postpone(first, room, b"workers", worker)
    keyspace, link = lease_of(first).keyspace, lease_of(first).link
    await eventually(
        lambda: link.call("ZSCORE", keyspace.workers, worker), lambda score: score is None
    )


async def test_an_announcement_is_made(valkey: Valkey, process: Open, room: str) -> None:
    first = await process(valkey.url)
    await joined(first, room, "ada")
    lease = lease_of(first)
    await lease.link.call("HINCRBY", lease.keyspace.room(room), "slot", HOUR)
    await joined(first, room, "bob")
    await first.record.until(lambda: len(first.record.entries[room]) == 2)


async def test_an_announcement_that_waits_is_made(valkey: Valkey, process: Open, room: str) -> None:
    first = await process(valkey.url, gathering=Gathering(burst=1, interval=0.3))
    for name in ("ada", "bob"):
        await joined(first, room, name)
    await postpone(first, room, b":due", "")
    await first.record.until(lambda: len(first.record.entries[room]) == 2)


async def test_a_participant_who_was_lost_leaves(valkey: Valkey, process: Open, room: str) -> None:
    first = await process(valkey.url, Retention(seconds=1.0, grace=0.2))
    for name in ("ada", "bob"):
        await joined(first, room, name)
    await first.broker.drop(room, "ada", "ada-1")
    await postpone(first, room, b":due", "ada")
    await first.record.until(lambda: ("left", room, "ada", "after 2") in first.record.events)


async def test_a_lock_ends_with_its_lease(valkey: Valkey, process: Open, room: str) -> None:
    first = await process(valkey.url)
    await joined(first, room, "ada")
    await first.broker.lock(room, 0.5)
    lease = lease_of(first)
    await lease.link.call("HINCRBY", lease.keyspace.room(room), "until", HOUR)
    async with asyncio.timeout(PATIENCE):
        await first.broker.unlock(await first.broker.lock(room, 0.5))


def test_a_token_lasts_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, steady = time.time(), time.monotonic()
    token = Validity()
    token.until(wall + 600)
    monkeypatch.setattr(time, "time", lambda: wall - 3600)
    monkeypatch.setattr(time, "monotonic", lambda: steady + 500)
    assert token.check() is None
    monkeypatch.setattr(time, "monotonic", lambda: steady + 545)
    assert token.check() == pytest.approx(55, abs=1)
    assert token.check() is None
    monkeypatch.setattr(time, "monotonic", lambda: steady + 601)
    assert token.check() == 0


def test_a_token_that_is_over_by_the_clock_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for every REST request."""
    wall = time.time()
    token = Validity()
    token.until(wall + 600)
    monkeypatch.setattr(time, "time", lambda: wall + 3600)
    assert token.check() == 0

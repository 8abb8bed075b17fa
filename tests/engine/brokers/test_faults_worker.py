"""The Redis broker when a worker dies, hangs, or is cut off."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from duplex.brokers.base import (
    BrokerUnavailable,
    Claim,
    Commit,
    LockLost,
    Presence,
    Retention,
)
from duplex.brokers.redis.broker import RedisBroker
from duplex_dev.testing.network import Proxy
from duplex_dev.testing.servers import Valkey

from tests.engine.brokers.processes import Open, lease_of, until_down, until_up
from tests.engine.brokers.promises import Process, both_saw, joined, resumed, say
from tests.engine.brokers.support import PATIENCE, Recorder, eventually, message

ROOT = Path(__file__).parents[3]
HELD_NO_MORE = b'{"state":"held","data":{"busy":null}'
PATH = os.pathsep.join((str(ROOT), str(ROOT / "template" / "backend")))


async def test_a_killed_worker_is_cleaned_up_once(valkey: Valkey, process: Open, room: str) -> None:
    lease, retention = 1.0, Retention(seconds=60.0, grace=0.3)
    first, second = [await process(valkey.url, retention, lease=lease) for _ in range(2)]
    await joined(first, room, "ada")
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.engine.brokers.worker", valkey.url, room, str(retention.grace), str(lease)),
        env={**os.environ, "PYTHONPATH": PATH},
        stdout=asyncio.subprocess.PIPE,
    )
    assert worker.stdout is not None
    async with asyncio.timeout(PATIENCE):
        assert await worker.stdout.readline() == b"ready\n"
    claiming = asyncio.create_task(first.broker.claim(room, "victim", "1", PATIENCE))
    locking = asyncio.create_task(second.broker.lock(room, 5))
    assert await first.broker.claim(room, "victim", "1", 0.1) == Claim("busy")
    assert not locking.done()
    assert await first.broker.read(room) == b'{"busy":"victim"}'
    worker.kill()
    await worker.wait()
    async with asyncio.timeout(PATIENCE):
        # Long before the dead worker's own lease of an hour is over.
        lock = await locking
        assert await claiming == Claim("new")
    assert (lock.document, lock.held) == (b"{}", {})
    assert await second.broker.commit(Commit(room, [], lock, b'{"n":1}')) == 1
    await both_saw((first, second), room, 5)
    await say(first, room, "after")
    await both_saw((first, second), room, 6)
    for one in (first, second):
        assert [state for state in one.record.states(room) if state != "held"] == [
            *("joined", "joined", "left", "say"),
        ]
        heads = [entry.head for entry in one.record.entries[room] if entry.state == "held"]
        assert heads == [b'{"state":"held","data":{"busy":"victim"}', HELD_NO_MORE]
        assert ("left", room, "victim", "after 4") in one.record.events
    assert await first.broker.present(room) == [Presence("ada", "Ada")]


async def test_a_lock_of_a_dead_worker_is_released(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first, gone = await process(valkey.url), await process(proxied.url)
    await joined(first, room, "ada")
    held = await first.broker.lock(room, 3600)
    queued = asyncio.create_task(gone.broker.lock(room, 3600))
    await asyncio.sleep(0)
    await gone.broker.present(room)
    behind = asyncio.create_task(first.broker.lock(room, 3600))
    await asyncio.sleep(0)
    await first.broker.present(room)
    proxied.cut()
    with pytest.raises(BrokerUnavailable):
        await queued
    link, channel = lease_of(first).link, lease_of(gone).keyspace.worker_channel
    # The server has noticed that nobody hears the other worker's channel any more.
    await eventually(lambda: link.call("PUBSUB", "NUMSUB", channel), lambda answer: answer[1] == 0)
    await first.broker.unlock(held)
    async with asyncio.timeout(PATIENCE):
        await first.broker.unlock(await behind)


async def test_a_worker_that_stops_releases_everything(
    valkey: Valkey, process: Open, room: str
) -> None:
    retention = Retention(seconds=60.0, grace=0.2)
    first = await process(valkey.url, retention)
    leaving = RedisBroker(valkey.url, retention)
    await leaving.start(Recorder())
    await leaving.watch(room)
    await joined(Process(leaving, Recorder()), room, "victim")
    await joined(first, room, "ada")
    await leaving.claim(room, "victim", "1", 0)
    await leaving.lock(room, 3600)
    await leaving.stop()
    async with asyncio.timeout(PATIENCE):
        await first.broker.unlock(await first.broker.lock(room, 5))
    assert await first.broker.claim(room, "victim", "1", PATIENCE) == Claim("new")
    await first.record.until(lambda: first.record.states(room)[-1:] == ["left"])
    assert first.record.states(room) == ["joined", "joined", "left"]


async def test_the_streams_of_a_dead_worker_end_for_everybody(
    valkey: Valkey, process: Open, room: str
) -> None:
    first = await process(valkey.url)
    gone = RedisBroker(valkey.url, Retention())
    await gone.start(Recorder())
    await gone.watch(room)
    await joined(Process(gone, Recorder()), room, "victim")
    await joined(first, room, "ada")
    await gone.claim(room, "victim", "1", 0)
    end = message("end", sender="victim")
    error = message("interrupted", sender="victim", request_id="1", private=True)
    await gone.commit(
        Commit(room, claim=("victim", "1"), reply=error, settles=False, endings=[end, error])
    )
    await gone.stop()
    await first.record.until(lambda: first.record.states(room)[-2:] == ["say", "say"])
    last = first.record.entries[room][-2:]
    assert [entry.head for entry in last] == [end.head, error.head]
    claim = await first.broker.claim(room, "victim", "1", PATIENCE)
    assert claim.reply is not None
    assert claim.reply.for_sender() == last[-1].for_sender()


async def test_a_worker_presumed_dead_returns_within_the_grace(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first = await process(proxied.url, patience=1.0, lease=1.5)
    await joined(first, room, "ada")
    claimed = await first.broker.claim(room, "ada", "1", 0)
    assert claimed == Claim("new")
    proxied.cut()
    await until_down(first)
    second = await process(valkey.url, lease=1.5)
    keyspace = lease_of(second).keyspace
    link = lease_of(second).link

    async def workers() -> int | None:
        return await link.call("ZSCORE", keyspace.workers, lease_of(first).holdings.worker)

    await eventually(workers, lambda score: score is None)
    await joined(second, room, "bob")
    # Its claim was free for whoever resumed ada elsewhere.
    assert await second.broker.claim(room, "ada", "1", 0) == Claim("new")
    proxied.mend()
    await until_up(first)
    reply = message("twice", request_id="1")
    with pytest.raises(LockLost):
        await first.broker.commit(Commit(room, [reply], claim=("ada", "1"), reply=reply))
    await say(first, room, "still here")
    assert first.record.states(room) == ["joined", "joined", "say"]
    assert first.record.events == [("down",), ("up",)]
    assert await second.broker.present(room) == [Presence("ada", "Ada"), Presence("bob", "Bob")]
    due = await link.call("ZCARD", keyspace.room(room) + b":due")
    assert due == 0


async def test_the_members_of_a_worker_that_returns_too_late_resume(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    retention = Retention(seconds=60.0, grace=0.1)
    first = await process(proxied.url, retention, patience=1.0, lease=1.5)
    await joined(first, room, "ada")
    proxied.cut()
    await until_down(first)
    second = await process(valkey.url, retention, lease=1.5)
    await joined(second, room, "bob")
    await second.record.until(lambda: "left" in second.record.states(room))
    proxied.mend()
    await until_up(first)
    kinds = [word[0] for word in first.record.events]
    assert kinds.index("lost") < kinds.index("left")
    back = await resumed(first, room, "ada")
    assert back.resumed
    assert [one.participant for one in back.present.participants] == ["bob", "ada"]


async def test_a_disconnected_worker_learns_which_participants_resumed_elsewhere(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first, second = await process(proxied.url), await process(valkey.url)
    await joined(first, room, "ada")
    await joined(first, room, "bob")
    proxied.cut()
    await until_down(first)
    assert (await resumed(second, room, "ada")).resumed
    proxied.mend()
    await until_up(first)
    assert first.record.events == [("down",), ("taken_over", room, "ada", "ada-1"), ("up",)]


async def test_a_disconnected_worker_keeps_the_requests_it_handles(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first, second = await process(proxied.url), await process(valkey.url)
    await joined(first, room, "ada")
    assert await first.broker.claim(room, "ada", "1", 0) == Claim("new")
    proxied.cut()
    await until_down(first)
    proxied.mend()
    await until_up(first)
    assert await second.broker.claim(room, "ada", "1", 0) == Claim("busy")
    reply = message("once", request_id="1")
    await first.broker.commit(Commit(room, [reply], claim=("ada", "1"), reply=reply))
    assert first.record.states(room) == ["joined", "say"]


async def test_failed_releases_are_delivered_after_the_reconnect(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    retention = Retention(seconds=60.0, grace=0.2)
    first, second = await process(proxied.url, retention), await process(valkey.url, retention)
    await joined(first, room, "ada")
    await joined(second, room, "bob")
    await first.broker.claim(room, "ada", "1", 0)
    lock = await first.broker.lock(room, 3600)
    proxied.cut()
    await until_down(first)
    for call in (
        first.broker.drop(room, "ada", "ada-1"),
        first.broker.release(room, "ada", "1"),
        first.broker.unlock(lock),
    ):
        with pytest.raises(BrokerUnavailable):
            await call
    await first.broker.unwatch(room)
    waiting = asyncio.create_task(second.broker.lock(room, 5))
    claiming = asyncio.create_task(second.broker.claim(room, "ada", "1", PATIENCE))
    proxied.mend()
    async with asyncio.timeout(PATIENCE):
        await second.broker.unlock(await waiting)
        assert await claiming == Claim("new")
    await second.record.until(lambda: "left" in second.record.states(room))
    assert await second.broker.present(room) == [Presence("bob", "Bob")]


async def test_an_abandoned_join_leaves_no_participant(
    valkey: Valkey, process: Open, room: str
) -> None:
    first = await process(valkey.url, Retention(seconds=60.0, grace=0.1))
    await joined(first, room, "bob")
    joining = asyncio.create_task(joined(first, room, "ada"))
    # It has begun, and no answer can have come.
    await asyncio.sleep(0)
    joining.cancel()
    await asyncio.gather(joining, return_exceptions=True)
    await first.record.until(lambda: first.record.states(room)[-1:] == ["left"])
    assert first.record.states(room) == ["joined", "joined", "left"]
    assert await first.broker.present(room) == [Presence("bob", "Bob")]

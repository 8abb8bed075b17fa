"""The Redis broker when the server fails, restarts, or loses its data."""

import asyncio
import shutil
import socket
from collections.abc import Awaitable
from pathlib import Path

import pytest
from duplex.brokers.base import (
    BrokerUnavailable,
    Commit,
    Presence,
    RoomGone,
)
from duplex.brokers.redis.broker import RedisBroker
from duplex.brokers.redis.control import identify
from duplex_dev.testing.network import Proxy
from duplex_dev.testing.servers import Valkey

from tests.engine.brokers.processes import RETENTION, Open, lease_of, until_down, until_up
from tests.engine.brokers.promises import both_saw, joined, resumed, say
from tests.engine.brokers.support import PATIENCE, Recorder, eventually, message


async def test_an_absent_store_is_reported_at_once(valkey: Valkey) -> None:
    broker = RedisBroker("redis://127.0.0.1:9/0", RETENTION)
    with pytest.raises(BrokerUnavailable):
        await broker.start(Recorder())
    assert not await broker.check()
    await broker.stop()


async def test_an_unresponsive_store_is_reported_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        broker = RedisBroker(f"redis://127.0.0.1:{mute.getsockname()[1]}/0", RETENTION, timeout=0.2)
        with pytest.raises(BrokerUnavailable, match=r"no answer within 0\.2 s"):
            await broker.start(Recorder())


async def test_rooms_continue_after_a_crash_of_a_durable_store(
    durable: Valkey, process: Open, room: str
) -> None:
    # Each call fails before any time limit: the store is known to be down.
    first, second = [await process(durable.url, patience=100 * PATIENCE) for _ in range(2)]
    ada = await joined(first, room, "ada")
    await joined(second, room, "bob")
    for i in range(20):
        await say((first, second)[i % 2], room, str(i))
    await both_saw((first, second), room, 22)
    durable.kill()
    await until_down(first, second)
    calls: list[Awaitable[object]] = [
        say(first, room, "lost"),
        first.broker.present(room),
        first.broker.read(room),
        first.broker.lock(room, 5),
        first.broker.claim(room, "ada", "1", 5),
        first.broker.release(room, "ada", "1"),
        first.broker.watch("another"),
        first.broker.leave(room, "nobody", "x"),
        first.broker.drop(room, "nobody", "x"),
        first.broker.broadcast({"kind": "x"}),
    ]
    async with asyncio.timeout(PATIENCE):
        raised = await asyncio.gather(*calls, return_exceptions=True)
    # Nothing was claimed, so there is nothing to give back.
    assert raised.pop(5) is None
    assert [type(one) for one in raised] == [BrokerUnavailable] * 9
    assert not await first.broker.check()
    await first.broker.unwatch("unknown")
    durable.start()
    await until_up(first, second)
    assert (await say(first, room, "after")).seq == 23
    await both_saw((first, second), room, 23)
    for one in (first, second):
        assert one.record.seqs(room) == list(range(1, 24))
        assert [word[0] for word in one.record.events] == ["down", "up"]
    assert await first.broker.present(room) == [Presence("ada", "Ada"), Presence("bob", "Bob")]
    back = await resumed(second, room, "ada", ada.epoch, 21)
    assert back.replay is not None
    assert [one.seq for one in back.replay] == [22, 23]


async def test_rooms_are_lost_when_the_store_restarts_empty(
    forgetful: Valkey, process: Open, room: str
) -> None:
    first, second = await process(forgetful.url), await process(forgetful.url)
    ada = await joined(first, room, "ada", seed=b'{"n":1}')
    lock = await first.broker.lock(room, 30)
    forgetful.kill()
    await until_down(first, second)
    forgetful.start()
    await until_up(first, second)
    for one in (first, second):
        assert [word for word in one.record.events if word[0] != "left"] == [
            ("down",),
            ("lost", room),
            ("up",),
        ]
    assert ("left", room, "ada", "after 1") in first.record.events
    with pytest.raises(RoomGone):
        await first.broker.commit(Commit(room, [message("late")], lock, b'{"n":2}'))
    back = await resumed(first, room, "ada", ada.epoch, ada.seq)
    assert (back.resumed, back.replay, back.seq) == (False, None, 1)
    assert back.epoch != ada.epoch
    await say(first, room, "anew")
    await second.record.until(lambda: second.record.seqs(room)[-1:] == [2])


async def test_a_store_without_an_append_only_file_starts_a_new_generation(
    forgetful: Valkey, process: Open, room: str
) -> None:
    """It may have saved long ago: who saw more since must not go on as if nothing was missing."""
    first = await process(forgetful.url)
    ada = await joined(first, room, "ada")
    await lease_of(first).link.call("SAVE")
    await say(first, room, "unsaved")
    forgetful.kill()
    await until_down(first)
    forgetful.start()
    await until_up(first)
    assert ("lost", room) in first.record.events
    back = await resumed(first, room, "ada", ada.epoch, 1)
    assert back.epoch != ada.epoch
    assert back.replay is None


async def test_a_store_that_does_not_sync_every_write_starts_a_new_generation(
    tmp_path: Path, process: Open, room: str
) -> None:
    """When its machine fails, two seconds are lost. New messages then get the lost ones' numbers,
    and who was away meanwhile would not notice that they are others.
    """
    store = Valkey(tmp_path, durable=True, sync="everysec")
    store.start()
    proxy = Proxy(store.port)
    await proxy.start()
    first, second = await process(store.url), await process(proxy.url)
    await joined(first, room, "ada")
    files, synced = tmp_path / "appendonlydir", tmp_path / "synced"
    shutil.copytree(files, synced)
    for text in ("not", "on", "disk"):
        await say(first, room, text)
    await both_saw((first, second), room, 4)
    store.kill()
    proxy.cut()
    await until_down(first, second)
    shutil.rmtree(files)
    synced.rename(files)
    store.start()
    await until_up(first)
    await joined(first, room, "bob")
    for text in ("quite", "other", "words"):
        await say(first, room, text)
    proxy.mend()
    await until_up(second)
    for one in (first, second):
        assert ("lost", room) in one.record.events
    await proxy.stop()
    store.kill()


async def test_a_store_that_hides_its_configuration_counts_as_one_that_may_lose_writes(
    durable: Valkey, process: Open
) -> None:
    link = lease_of(await process(durable.url)).link
    assert (await identify(link))[1]
    await link.call("CONFIG", "SET", "no-appendfsync-on-rewrite", "yes")
    assert not (await identify(link))[1]
    await link.call("CONFIG", "SET", "no-appendfsync-on-rewrite", "no")
    await link.call("ACL", "SETUSER", "default", "-config")
    assert not (await identify(link))[1]


async def test_after_a_restart_of_the_store_no_connection_of_another_process_is_ended(
    durable: Valkey, process: Open, room: str
) -> None:
    """A process ends its former connections by number, but not those of another after a restart."""
    proxy = Proxy(durable.port)
    await proxy.start()
    first, second = await process(proxy.url), await process(durable.url)
    durable.kill()
    proxy.cut()
    await until_down(first, second)
    durable.start()
    await until_up(second)
    proxy.mend()
    await until_up(first)
    await joined(first, room, "ada")
    await joined(second, room, "bob")
    await both_saw((first, second), room, 2)
    assert second.record.events == [("down",), ("up",)]
    await proxy.stop()


async def test_scripts_are_loaded_again_after_a_restart_of_the_store(
    valkey: Valkey, process: Open, room: str
) -> None:
    first = await process(valkey.url)
    await joined(first, room, "ada")
    await lease_of(first).link.call("SCRIPT", "FLUSH")
    assert (await say(first, room, "on")).seq == 2


async def test_everything_expires(valkey: Valkey, process: Open, room: str) -> None:
    """Whatever a test run or a crash leaves behind has a time to live."""
    first, second = await process(valkey.url), await process(valkey.url)
    await joined(first, room, "ada")
    await first.broker.claim(room, "ada", "1", 0)
    await first.broker.claim(room, "ada", "2", 0)
    reply = message("done", request_id="1")
    await first.broker.commit(Commit(room, [reply], claim=("ada", "1"), reply=reply))
    await first.broker.broadcast({"kind": "nothing"})
    held = await first.broker.lock(room, 30)
    waiting = asyncio.create_task(second.broker.lock(room, 30))
    await asyncio.sleep(0)
    await second.broker.present(room)
    await first.broker.drop(room, "ada", "ada-1")
    link = lease_of(first).link
    keys = await link.call("KEYS", "*")
    kinds = {key.rpartition(b":")[2] for key in keys if room.encode() in key}
    assert {b"log", b"people", b"present", b"due", b"open", b"locks"} <= kinds
    for key in keys:
        assert await link.call("PTTL", key) > 0, key
    await first.broker.unlock(held)
    await second.broker.unlock(await waiting)


async def test_rooms_can_be_followed_again_after_the_store_was_emptied(
    forgetful: Valkey, process: Open, room: str
) -> None:
    first, second = [await process(forgetful.url, lease=0.6) for _ in range(2)]
    await joined(first, room, "ada")
    link = lease_of(first).link
    former = lease_of(first).keyspace.base
    await link.call("FLUSHALL")

    async def same() -> bool:
        keyspace = {lease_of(one).keyspace.base for one in (first, second)}
        return len(keyspace) == 1 and former not in keyspace

    await eventually(same, lambda found: found)
    await first.record.until(lambda: ("lost", room) in first.record.events)
    await second.broker.broadcast({"kind": "revoke", "user": "ada"})
    await first.record.until(lambda: bool(first.record.messages))
    await joined(second, room, "bob")
    await first.record.until(lambda: first.record.states(room)[-1:] == ["joined"])
    assert first.record.seqs(room)[-1] == 1


async def test_no_room_is_opened_in_a_former_generation(
    forgetful: Valkey, process: Open, room: str
) -> None:
    """A client that comes back would not find the replies that were recorded there."""
    first, second = [await process(forgetful.url) for _ in range(2)]
    await joined(first, room, "ada")
    await lease_of(first).link.call("FLUSHALL")
    for one in (first, second):
        with pytest.raises(BrokerUnavailable):
            await joined(one, room, "ada")
        await until_up(one)
        one.record.events.clear()
    ada = await joined(first, room, "ada")
    again = await resumed(second, room, "ada", ada.epoch, ada.seq)
    assert (again.resumed, again.replay) == (True, [])


async def test_rooms_in_use_do_not_expire(forgetful: Valkey, process: Open, room: str) -> None:
    first = await process(forgetful.url, lease=0.6)
    await joined(first, room, "ada")
    link = lease_of(first).link
    keys: list[bytes] = [
        key for key in await link.call("KEYS", "*") if not key.endswith(b":events")
    ]
    assert len(keys) >= 6
    for key in keys:
        await link.call("PEXPIRE", key, 60_000)

    async def soonest() -> int:
        return min([await link.call("PTTL", key) for key in keys])

    await eventually(soonest, lambda ms: ms > 60_000)

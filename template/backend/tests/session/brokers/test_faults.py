"""What the Redis broker does when the network, the server or a worker fails."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from app.session.broker import (
    BrokerUnavailable,
    Claim,
    Commit,
    Keep,
    LockLost,
    Person,
    RoomGone,
)
from app.session.broker_redis import RedisBroker
from app.session.broker_redis_keeper import Keeper
from tests.session.brokers.promises import Process, both_saw, joined, resumed, say
from tests.session.brokers.support import PATIENCE, Proxy, Recorder, Valkey, eventually, message

KEEP = Keep(seconds=60.0, grace=30.0)
BACKEND = Path(__file__).parents[3]

Open = Callable[..., Awaitable[Process]]


@pytest.fixture
def room() -> str:
    """A room nobody else has."""
    return uuid4().hex


@pytest.fixture
async def process(room: str) -> AsyncIterator[Open]:
    """Open a process at a URL that watches the room; closed after the test."""
    async with AsyncExitStack() as stack:

        async def opening(
            url: str, keep: Keep = KEEP, patience: float = 2.0, lease: float = 30.0
        ) -> Process:
            made = Process(RedisBroker(url, keep, timeout=patience, lease=lease), Recorder())
            await made.broker.start(made.record)
            stack.push_async_callback(made.broker.stop)
            await made.broker.watch(room)
            return made

        yield opening


@pytest.fixture
async def proxied(valkey: Valkey) -> AsyncIterator[Proxy]:
    """A bad network in front of the shared server."""
    proxy = Proxy(valkey.port)
    await proxy.start()
    yield proxy
    await proxy.stop()


def keeper(process: Process) -> Keeper:
    """What a process's broker is made of."""
    assert isinstance(process.broker, RedisBroker)
    return process.broker.keeper


async def until_down(*processes: Process) -> None:
    """Wait until every process was told that the store is out of reach."""
    for one in processes:
        await one.record.until(lambda one=one: ("down",) in one.record.told)


async def until_up(*processes: Process) -> None:
    """Wait until every process was told that the store is back."""
    for one in processes:
        await one.record.until(lambda one=one: ("up",) in one.record.told)


async def test_a_server_that_is_not_there_is_told_at_once(valkey: Valkey) -> None:
    broker = RedisBroker("redis://127.0.0.1:9/0", KEEP)
    with pytest.raises(BrokerUnavailable):
        await broker.start(Recorder())
    assert not await broker.check()
    await broker.stop()


async def test_a_server_that_does_not_answer_is_told_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        broker = RedisBroker(f"redis://127.0.0.1:{mute.getsockname()[1]}/0", KEEP, timeout=0.2)
        with pytest.raises(BrokerUnavailable, match=r"no answer within 0\.2 s"):
            await broker.start(Recorder())


async def test_a_killed_server_that_kept_its_file_is_followed_on(
    durable: Valkey, process: Open, room: str
) -> None:
    first, second = await process(durable.url), await process(durable.url)
    ada = await joined(first, room, "ada")
    await joined(second, room, "bob")
    for i in range(20):
        await say((first, second)[i % 2], room, str(i))
    await both_saw((first, second), room, 22)
    durable.kill()
    await until_down(first, second)
    loop = asyncio.get_running_loop()
    since = loop.time()
    calls: list[Awaitable[object]] = [
        say(first, room, "lost"),
        first.broker.people(room),
        first.broker.read(room),
        first.broker.lock(room, 5),
        first.broker.claim(room, "ada", "1", 5),
        first.broker.release(room, "ada", "1"),
        first.broker.watch("another"),
        first.broker.leave(room, "nobody", "x"),
        first.broker.drop(room, "nobody", "x"),
        first.broker.tell({"kind": "x"}),
    ]
    raised = await asyncio.gather(*calls, return_exceptions=True)
    # Nothing was claimed, so there is nothing to give back.
    assert raised.pop(5) is None
    assert [type(one) for one in raised] == [BrokerUnavailable] * 9
    assert loop.time() - since < 1.0
    assert not await first.broker.check()
    await first.broker.unwatch("unknown")
    durable.start()
    await until_up(first, second)
    assert (await say(first, room, "after")).seq == 23
    await both_saw((first, second), room, 23)
    for one in (first, second):
        assert one.record.seqs(room) == list(range(1, 24))
        assert [word[0] for word in one.record.told] == ["down", "up"]
    assert await first.broker.people(room) == [Person("ada", "Ada"), Person("bob", "Bob")]
    back = await resumed(second, room, "ada", ada.epoch, 21)
    assert back.replay is not None
    assert [one.seq for one in back.replay] == [22, 23]


async def test_a_server_that_forgot_everything_loses_its_rooms(
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
        assert [word for word in one.record.told if word[0] != "left"] == [
            ("down",),
            ("lost", room),
            ("up",),
        ]
    assert ("left", room, "ada", "after 1") in first.record.told
    with pytest.raises(RoomGone):
        await first.broker.commit(Commit(room, [message("late")], lock, b'{"n":2}'))
    back = await resumed(first, room, "ada", ada.epoch, ada.seq)
    assert (back.resumed, back.replay, back.seq) == (False, None, 1)
    assert back.epoch != ada.epoch
    await say(first, room, "anew")
    await second.record.until(lambda: second.record.seqs(room)[-1:] == [2])


async def test_a_server_without_an_append_only_file_is_not_trusted_after_a_restart(
    forgetful: Valkey, process: Open, room: str
) -> None:
    """It may have saved long ago: who saw more since must not go on as if nothing was missing."""
    first = await process(forgetful.url)
    ada = await joined(first, room, "ada")
    await keeper(first).link.call("SAVE")
    await say(first, room, "unsaved")
    forgetful.kill()
    await until_down(first)
    forgetful.start()
    await until_up(first)
    assert ("lost", room) in first.record.told
    back = await resumed(first, room, "ada", ada.epoch, 1)
    assert back.epoch != ada.epoch
    assert back.replay is None


async def test_a_restarted_server_gives_old_numbers_to_new_connections(
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
    assert second.record.told == [("down",), ("up",)]
    await proxy.stop()


async def test_a_cut_connection_misses_nothing(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first, second = await process(proxied.url), await process(valkey.url)
    await joined(first, room, "ada")
    await joined(second, room, "bob")
    word = {"kind": "revoke", "user": uuid4().hex}
    for _ in range(3):
        proxied.cut()
        await until_down(first)
        for i in range(10):
            await say(second, room, str(i), "bob")
        await second.broker.tell(word)
        proxied.mend()
        await until_up(first)
        back = await say(first, room, "back")
        await both_saw((first, second), room, back.seq)
        assert first.record.seqs(room) == second.record.seqs(room)
        first.record.told.clear()
    assert first.record.seqs(room) == list(range(1, 36))
    # What is told to all processes is not lost either: it may be that somebody was signed out.
    assert first.record.messages.count(word) == 3
    assert [one for one in second.record.told if one[0] != "joined"] == []


async def test_a_room_that_opened_unheard_is_read_from_its_beginning(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first, second = await process(proxied.url), await process(valkey.url)
    proxied.stall(1)
    await joined(first, room, "ada")
    await joined(second, room, "bob")
    proxied.cut()
    await until_down(first)
    proxied.mend()
    await until_up(first)
    assert first.record.states(room) == ["joined", "joined"]
    assert ("lost", room) not in first.record.told


async def test_a_gap_that_cannot_be_filled_is_told(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    few = Keep(count=5, seconds=60.0, grace=30.0)
    first, second = await process(proxied.url, few), await process(valkey.url, few)
    await joined(first, room, "ada")
    await both_saw((first, second), room, 1)
    proxied.cut()
    await until_down(first)
    for i in range(10):
        await say(second, room, str(i))
    proxied.mend()
    await until_up(first)
    assert first.record.told == [("down",), ("lost", room), ("up",)]
    assert first.record.seqs(room) == [1]
    assert (await say(first, room, "on")).seq == 12
    assert first.record.seqs(room) == [1, 12]
    assert await first.broker.people(room) == [Person("ada", "Ada")]


async def test_a_message_that_was_never_published_is_read_from_the_stream(
    valkey: Valkey, process: Open, room: str
) -> None:
    """Pub/sub may drop what it likes: the numbers tell."""
    first, second = await process(valkey.url), await process(valkey.url)
    await joined(first, room, "ada")
    await both_saw((first, second), room, 1)
    link, channel = keeper(second).link, keeper(second).names.channel(room)
    await link.unsubscribe(channel)
    for i in range(3):
        await say(first, room, str(i))
    await link.subscribe([channel])
    assert second.record.seqs(room) == [1]
    await say(first, room, "heard")
    await both_saw((first, second), room, 5)
    assert second.record.seqs(room) == [1, 2, 3, 4, 5]


async def test_a_stalled_server_is_given_up_and_nothing_happens_late(
    forgetful: Valkey, process: Open, room: str
) -> None:
    first = await process(forgetful.url, patience=1.0)
    await joined(first, room, "ada")
    await say(first, room, "before")
    loop = asyncio.get_running_loop()
    forgetful.stall()
    since = loop.time()
    claim = first.broker.claim(room, "ada", "1", PATIENCE)
    said = [say(first, room, "late") for _ in range(10)]
    results = await asyncio.gather(claim, *said, return_exceptions=True)
    assert loop.time() - since < 5.0
    assert {type(one) for one in results} == {BrokerUnavailable}
    assert first.record.told == [("down",)]
    forgetful.resume()
    await until_up(first)
    assert await first.broker.claim(room, "ada", "1", 0) == Claim("new")
    assert (await say(first, room, "after")).seq == 3
    assert first.record.heads(room) == [message("before").head, message("after").head]


async def test_a_slow_server_is_waited_for(valkey: Valkey, process: Open, room: str) -> None:
    first, second = (
        await process(valkey.url, patience=PATIENCE),
        await process(valkey.url, patience=PATIENCE),
    )
    await joined(first, room, "ada")
    link = keeper(first).link
    held_up = link.call("DEBUG", "SLEEP", "0.3")
    said = [say((first, second)[i % 2], room, str(i)) for i in range(10)]
    await asyncio.gather(held_up, *said)
    await both_saw((first, second), room, 11)
    assert first.record.seqs(room) == second.record.seqs(room) == list(range(1, 12))
    assert first.record.told == []


async def test_a_connection_that_hears_nothing_is_found(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first = await process(proxied.url, patience=1.0, lease=1.5)
    await joined(first, room, "ada")
    # The second connection only listens: no call of the process would ever miss it.
    proxied.stall(1)
    await until_down(first)
    await until_up(first)
    await say(first, room, "on")
    assert first.record.seqs(room) == [1, 2]


async def test_a_killed_worker_is_cleaned_up_once(valkey: Valkey, process: Open, room: str) -> None:
    lease, keep = 1.0, Keep(seconds=60.0, grace=0.3)
    first, second = [await process(valkey.url, keep, lease=lease) for _ in range(2)]
    await joined(first, room, "ada")
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.session.brokers.worker", valkey.url, room, str(keep.grace), str(lease)),
        env={**os.environ, "PYTHONPATH": str(BACKEND)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert worker.stdout is not None
    async with asyncio.timeout(PATIENCE):
        assert await worker.stdout.readline() == b"ready\n"
    claiming = asyncio.create_task(first.broker.claim(room, "victim", "1", PATIENCE))
    locking = asyncio.create_task(second.broker.lock(room, 5))
    assert await first.broker.claim(room, "victim", "1", 0.1) == Claim("busy")
    assert not locking.done()
    worker.kill()
    await worker.wait()
    async with asyncio.timeout(PATIENCE):
        # Long before the dead worker's own lease of an hour is over.
        lock = await locking
        assert await claiming == Claim("new")
    assert await second.broker.commit(Commit(room, [], lock, b'{"n":1}')) == 1
    await both_saw((first, second), room, 3)
    await say(first, room, "after")
    await both_saw((first, second), room, 4)
    for one in (first, second):
        assert one.record.states(room) == ["joined", "joined", "left", "say"]
        assert ("left", room, "victim", "after 2") in one.record.told
    assert await first.broker.people(room) == [Person("ada", "Ada")]


async def test_a_lock_does_not_wait_for_a_worker_that_is_gone(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first, gone = await process(valkey.url), await process(proxied.url)
    await joined(first, room, "ada")
    held = await first.broker.lock(room, 3600)
    queued = asyncio.create_task(gone.broker.lock(room, 3600))
    await asyncio.sleep(0)
    await gone.broker.people(room)
    behind = asyncio.create_task(first.broker.lock(room, 3600))
    await asyncio.sleep(0)
    await first.broker.people(room)
    proxied.cut()
    with pytest.raises(BrokerUnavailable):
        await queued
    link, heard = keeper(first).link, keeper(gone).names.heard
    # The server has noticed that nobody hears the other worker's channel any more.
    await eventually(lambda: link.call("PUBSUB", "NUMSUB", heard), lambda answer: answer[1] == 0)
    await first.broker.unlock(held)
    async with asyncio.timeout(PATIENCE):
        await first.broker.unlock(await behind)


async def test_a_worker_that_stops_gives_everything_up(
    valkey: Valkey, process: Open, room: str
) -> None:
    keep = Keep(seconds=60.0, grace=0.2)
    first = await process(valkey.url, keep)
    leaving = RedisBroker(valkey.url, keep)
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


async def test_a_worker_taken_for_dead_comes_back_within_the_grace(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    first = await process(proxied.url, patience=1.0, lease=1.5)
    await joined(first, room, "ada")
    claimed = await first.broker.claim(room, "ada", "1", 0)
    assert claimed == Claim("new")
    proxied.cut()
    await until_down(first)
    second = await process(valkey.url, lease=1.5)
    names = keeper(second).names
    link = keeper(second).link

    async def workers() -> int | None:
        return await link.call("ZSCORE", names.workers, keeper(first).books.worker)

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
    assert first.record.told == [("down",), ("up",)]
    assert await second.broker.people(room) == [Person("ada", "Ada"), Person("bob", "Bob")]
    due = await link.call("ZCARD", names.room(room) + b":due")
    assert due == 0


async def test_a_worker_that_comes_back_too_late_has_its_members_resume(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    keep = Keep(seconds=60.0, grace=0.1)
    first = await process(proxied.url, keep, patience=1.0, lease=1.5)
    await joined(first, room, "ada")
    proxied.cut()
    await until_down(first)
    second = await process(valkey.url, keep, lease=1.5)
    await joined(second, room, "bob")
    await second.record.until(lambda: "left" in second.record.states(room))
    proxied.mend()
    await until_up(first)
    kinds = [word[0] for word in first.record.told]
    assert kinds.index("lost") < kinds.index("left")
    back = await resumed(first, room, "ada")
    assert back.resumed
    assert [one.participant for one in back.people] == ["bob", "ada"]


async def test_a_worker_that_was_cut_off_learns_who_resumed_elsewhere(
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
    assert first.record.told == [("down",), ("taken_over", room, "ada", "ada-1"), ("up",)]


async def test_a_worker_that_was_cut_off_keeps_the_requests_it_handles(
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


async def test_what_could_not_be_told_is_settled_after_the_reconnect(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    keep = Keep(seconds=60.0, grace=0.2)
    first, second = await process(proxied.url, keep), await process(valkey.url, keep)
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
    assert await second.broker.people(room) == [Person("bob", "Bob")]


async def test_scripts_are_loaded_again_when_the_server_forgot_them(
    valkey: Valkey, process: Open, room: str
) -> None:
    first = await process(valkey.url)
    await joined(first, room, "ada")
    await keeper(first).link.call("SCRIPT", "FLUSH")
    assert (await say(first, room, "on")).seq == 2


async def test_everything_expires(valkey: Valkey, process: Open, room: str) -> None:
    """Whatever a test run or a crash leaves behind has a time to live."""
    first, second = await process(valkey.url), await process(valkey.url)
    await joined(first, room, "ada")
    await first.broker.claim(room, "ada", "1", 0)
    await first.broker.claim(room, "ada", "2", 0)
    reply = message("done", request_id="1")
    await first.broker.commit(Commit(room, [reply], claim=("ada", "1"), reply=reply))
    await first.broker.tell({"kind": "nothing"})
    held = await first.broker.lock(room, 30)
    waiting = asyncio.create_task(second.broker.lock(room, 30))
    await asyncio.sleep(0)
    await second.broker.people(room)
    await first.broker.drop(room, "ada", "ada-1")
    link = keeper(first).link
    keys = await link.call("KEYS", "*")
    kinds = {key.rpartition(b":")[2] for key in keys if room.encode() in key}
    assert {b"log", b"people", b"present", b"due", b"open", b"locks"} <= kinds
    for key in keys:
        assert await link.call("PTTL", key) > 0, key
    await first.broker.unlock(held)
    await second.broker.unlock(await waiting)


async def test_a_store_that_is_emptied_under_way_is_listened_to_again(
    forgetful: Valkey, process: Open, room: str
) -> None:
    first, second = [await process(forgetful.url, lease=0.6) for _ in range(2)]
    await joined(first, room, "ada")
    link = keeper(first).link
    former = keeper(first).names.base
    await link.call("FLUSHALL")

    async def same() -> bool:
        names = {keeper(one).names.base for one in (first, second)}
        return len(names) == 1 and former not in names

    await eventually(same, lambda found: found)
    await first.record.until(lambda: ("lost", room) in first.record.told)
    await second.broker.tell({"kind": "revoke", "user": "ada"})
    await first.record.until(lambda: bool(first.record.messages))
    await joined(second, room, "bob")
    await first.record.until(lambda: first.record.states(room)[-1:] == ["joined"])
    assert first.record.seqs(room)[-1] == 1


async def test_no_room_is_opened_in_an_era_that_is_over(
    forgetful: Valkey, process: Open, room: str
) -> None:
    """What would be answered in it, nobody would find who comes back."""
    first, second = [await process(forgetful.url) for _ in range(2)]
    await joined(first, room, "ada")
    await keeper(first).link.call("FLUSHALL")
    for one in (first, second):
        with pytest.raises(BrokerUnavailable):
            await joined(one, room, "ada")
        await until_up(one)
        one.record.told.clear()
    ada = await joined(first, room, "ada")
    again = await resumed(second, room, "ada", ada.epoch, ada.seq)
    assert (again.resumed, again.replay) == (True, [])


async def test_what_is_in_use_does_not_expire(forgetful: Valkey, process: Open, room: str) -> None:
    first = await process(forgetful.url, lease=0.6)
    await joined(first, room, "ada")
    link = keeper(first).link
    keys: list[bytes] = [key for key in await link.call("KEYS", "*") if not key.endswith(b":said")]
    assert len(keys) >= 6
    for key in keys:
        await link.call("PEXPIRE", key, 60_000)

    async def soonest() -> int:
        return min([await link.call("PTTL", key) for key in keys])

    await eventually(soonest, lambda ms: ms > 60_000)


async def test_a_join_whose_caller_is_gone_leaves_nobody_behind(
    valkey: Valkey, process: Open, room: str
) -> None:
    first = await process(valkey.url, Keep(seconds=60.0, grace=0.1))
    await joined(first, room, "bob")
    joining = asyncio.create_task(joined(first, room, "ada"))
    await first.record.until(lambda: len(first.record.entries[room]) == 1)
    await asyncio.sleep(0)
    joining.cancel()
    await asyncio.gather(joining, return_exceptions=True)
    await eventually(lambda: first.broker.people(room), lambda people: len(people) == 1)
    assert first.record.states(room)[:1] == ["joined"]

"""The Redis broker when the network between it and the server fails."""

import asyncio
from uuid import uuid4

from duplex.brokers.base import (
    BrokerUnavailable,
    Claim,
    Presence,
    Retention,
)
from duplex_dev.testing.network import Proxy
from duplex_dev.testing.servers import Valkey

from tests.engine.brokers.processes import Open, lease_of, until_down, until_up
from tests.engine.brokers.promises import both_saw, joined, say
from tests.engine.brokers.support import PATIENCE, message


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
        await second.broker.broadcast(word)
        proxied.mend()
        await until_up(first)
        back = await say(first, room, "back")
        await both_saw((first, second), room, back.seq)
        assert first.record.seqs(room) == second.record.seqs(room)
        first.record.events.clear()
    assert first.record.seqs(room) == list(range(1, 36))
    # Control messages are not lost either: one may sign a user out.
    assert first.record.messages.count(word) == 3
    assert [one for one in second.record.events if one[0] != "joined"] == []


async def test_a_room_whose_first_message_was_missed_is_read_from_its_beginning(
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
    assert ("lost", room) not in first.record.events


async def test_a_gap_that_cannot_be_filled_is_reported(
    valkey: Valkey, proxied: Proxy, process: Open, room: str
) -> None:
    few = Retention(count=5, seconds=60.0, grace=30.0)
    first, second = await process(proxied.url, few), await process(valkey.url, few)
    await joined(first, room, "ada")
    await both_saw((first, second), room, 1)
    proxied.cut()
    await until_down(first)
    for i in range(10):
        await say(second, room, str(i))
    proxied.mend()
    await until_up(first)
    assert first.record.events == [("down",), ("lost", room), ("up",)]
    assert first.record.seqs(room) == [1]
    assert (await say(first, room, "on")).seq == 12
    assert first.record.seqs(room) == [1, 12]
    assert await first.broker.present(room) == [Presence("ada", "Ada")]


async def test_a_message_that_was_never_published_is_read_from_the_stream(
    valkey: Valkey, process: Open, room: str
) -> None:
    """Pub/sub may drop what it likes: the numbers tell."""
    first, second = await process(valkey.url), await process(valkey.url)
    await joined(first, room, "ada")
    await both_saw((first, second), room, 1)
    link, channel = lease_of(second).link, lease_of(second).keyspace.channel(room)
    await link.unsubscribe(channel)
    for i in range(3):
        await say(first, room, str(i))
    await link.subscribe([channel])
    assert second.record.seqs(room) == [1]
    await say(first, room, "heard")
    await both_saw((first, second), room, 5)
    assert second.record.seqs(room) == [1, 2, 3, 4, 5]


async def test_a_stalled_store_times_out_and_nothing_is_executed_later(
    forgetful: Valkey, process: Open, room: str
) -> None:
    first = await process(forgetful.url, patience=1.0)
    await joined(first, room, "ada")
    await say(first, room, "before")
    forgetful.stall()
    claim = first.broker.claim(room, "ada", "1", PATIENCE)
    said = [say(first, room, "late") for _ in range(10)]
    # The store answers no call before the end of the test.
    async with asyncio.timeout(PATIENCE):
        results = await asyncio.gather(claim, *said, return_exceptions=True)
    assert {type(one) for one in results} == {BrokerUnavailable}
    assert first.record.events == [("down",)]
    forgetful.resume()
    await until_up(first)
    assert await first.broker.claim(room, "ada", "1", 0) == Claim("new")
    assert (await say(first, room, "after")).seq == 3
    assert first.record.heads(room) == [message("before").head, message("after").head]


async def test_a_slow_store_is_tolerated(valkey: Valkey, process: Open, room: str) -> None:
    first, second = (
        await process(valkey.url, patience=PATIENCE),
        await process(valkey.url, patience=PATIENCE),
    )
    await joined(first, room, "ada")
    link = lease_of(first).link
    held_up = link.call("DEBUG", "SLEEP", "0.3")
    said = [say((first, second)[i % 2], room, str(i)) for i in range(10)]
    await asyncio.gather(held_up, *said)
    await both_saw((first, second), room, 11)
    assert first.record.seqs(room) == second.record.seqs(room) == list(range(1, 12))
    assert first.record.events == []


async def test_a_silent_connection_is_detected(
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

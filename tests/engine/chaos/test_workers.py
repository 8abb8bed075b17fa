"""Two server processes on one Valkey, and what may happen to them."""

import asyncio
import signal
from collections.abc import Callable
from random import Random
from typing import Any

from duplex_dev.testing.promises.crowd import settle
from duplex_dev.testing.servers import Valkey

from tests.engine.chaos.talk import conversation, unique, verdict
from tests.engine.chaos.talker import Talker
from tests.engine.chaos.workers import Workers
from tests.engine.support import PATIENCE, Client


def anywhere(workers: Workers, chance: Random) -> Callable[[], str]:
    """Choose a worker at random, as a load balancer does."""
    return lambda: workers.any_url(chance)


async def test_no_message_is_lost_when_a_worker_is_killed(workers: Workers, chance: Random) -> None:
    async with conversation(5, unique(), anywhere(workers, chance), chance) as talkers:
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        victim = chance.choice(workers.living())
        await victim.kill()
        for one in talkers:
            await one.is_open()
        await asyncio.sleep(chance.uniform(0.1, 0.5))


async def test_no_message_is_lost_when_the_store_restarts(
    workers: Workers, durable: Valkey, chance: Random
) -> None:
    async with conversation(5, unique(), anywhere(workers, chance), chance) as talkers:
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        durable.kill()
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        durable.start()
        await asyncio.sleep(chance.uniform(0.3, 0.6))
    closes = [code for one in talkers for code in one.record.closes]
    assert closes == []


async def test_streams_continue_elsewhere_when_a_worker_drains(
    workers: Workers, chance: Random
) -> None:
    session, dial = unique(), anywhere(workers, chance)
    async with (
        Talker("ada", session, dial, chance) as ada,
        Talker("bob", session, dial, chance) as bob,
        Talker("eve", session, dial, chance) as eve,
    ):
        talkers = [ada, bob, eve]
        await asyncio.gather(*(one.is_open() for one in talkers))
        streams = [one.ask("count", upto=150, hold=0.005) for one in talkers]
        await asyncio.gather(*(one.has_seen(30) for one in talkers))
        leaving, staying = chance.sample(workers.living(), 2)
        # As uvicorn leaves: after its work it ends of the signal it was sent.
        assert await leaving.drain() == -signal.SIGTERM
        assert staying.alive
        for one in talkers:
            one.ask("note")
        await settle(talkers)
        verdict([one.record for one in talkers])
        assert {code for one in talkers for code in one.record.closes} <= {1012, 4503}
        assert all(stream.done() for stream in streams)


async def test_a_worker_that_stood_still_continues_what_the_others_have_not_ended(
    workers: Workers,
) -> None:
    frozen, other = workers.living()[:2]
    ada = await Client.connect(frozen.url, patience=PATIENCE)
    await ada.hello(session=unique())
    bob = await Client.connect(other.url, patience=PATIENCE)
    await bob.hello(session=ada.session)
    await ada.ask("count", {"text": "long", "upto": 1_000_000, "hold": 0.002}, id="c")
    await bob.until("count")
    frozen.process.send_signal(signal.SIGSTOP)
    try:
        # The other worker takes it for dead.
        while (last := await bob.until("count")).get("more"):
            pass
        assert last["ended"] == "interrupted"
    finally:
        frozen.process.send_signal(signal.SIGCONT)
    # It has not lost its participants, who did nothing wrong.
    for number in range(20):
        await ada.ask("say", {"text": str(number)}, id=f"s{number}")
    said: list[Any] = []
    while len(said) < 20:
        frame = await bob.receive()
        assert frame["state"] != "count"
        said += [frame["data"]["text"]] if frame["state"] == "say" else []
    assert said == [str(number) for number in range(20)]
    error = await ada.until("error")
    assert (error["id"], error["code"]) == ("c", "interrupted")
    await ada.close()
    await bob.close()

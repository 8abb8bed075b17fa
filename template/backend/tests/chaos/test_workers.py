"""Two server processes on one Valkey, and what may happen to them."""

import asyncio
from collections.abc import Callable
from random import Random

from tests.chaos.talk import conversation
from tests.chaos.workers import Workers
from tests.session.brokers.support import Valkey


def anywhere(workers: Workers, chance: Random) -> Callable[[], str]:
    """How a load balancer chooses."""
    return lambda: workers.any_url(chance)


async def test_a_worker_killed_in_the_middle_of_a_conversation_costs_nothing(
    workers: Workers, chance: Random
) -> None:
    session = f"kill-{chance.random()}".replace(".", "")
    async with conversation(5, session, anywhere(workers, chance), chance) as talkers:
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        victim = chance.choice(workers.living())
        await victim.kill()
        for one in talkers:
            await one.is_open()
        await asyncio.sleep(chance.uniform(0.1, 0.5))


async def test_a_restarted_store_costs_nothing(
    workers: Workers, durable: Valkey, chance: Random
) -> None:
    session = f"store-{chance.random()}".replace(".", "")
    async with conversation(5, session, anywhere(workers, chance), chance) as talkers:
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        durable.kill()
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        durable.start()
        await asyncio.sleep(chance.uniform(0.3, 0.6))
    closes = [code for one in talkers for code in one.record.closes]
    assert closes == []

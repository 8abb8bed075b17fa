"""Participants who send requests while a test disturbs them, and the check of their records."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from uuid import uuid4

from duplex_dev.testing.promises.crowd import settle
from duplex_dev.testing.promises.record import Frame, Record

from tests.engine.chaos.talk_checker import check
from tests.engine.chaos.talker import Talker

WINDOW = 6
"""Requests of one talker that may be unanswered."""


async def talk(talker: Talker, chance: Random, over: asyncio.Event, hold: float = 0.004) -> None:
    """Send requests, some of them at the same time, until `over` is set."""
    waiting: set[asyncio.Future[Frame]] = set()
    while not over.is_set():
        state = chance.choices(["say", "note", "jot", "count"], [4, 3, 2, 1])[0]
        more = {"upto": chance.randrange(1, 6)} if state == "count" else {}
        waiting.add(talker.ask(state, hold=chance.uniform(0, hold), **more))
        if len(waiting) >= WINDOW:
            ended = asyncio.ensure_future(over.wait())
            done, _ = await asyncio.wait({*waiting, ended}, return_when="FIRST_COMPLETED")
            ended.cancel()
            waiting -= done
        await asyncio.sleep(chance.uniform(0, 0.005))


@asynccontextmanager
async def conversation(
    count: int, session: str, dial: Callable[[], str], chance: Random
) -> AsyncGenerator[list[Talker]]:
    """`count` participants talk in one session while the body runs; then all is checked."""
    over = asyncio.Event()
    async with AsyncExitStack() as stack:
        talkers = [
            await stack.enter_async_context(Talker(f"t{number}", session, dial, chance))
            for number in range(count)
        ]
        for one in talkers:
            await one.is_open()
        talking = [asyncio.create_task(talk(one, chance, over)) for one in talkers]
        try:
            yield talkers
        finally:
            over.set()
            await asyncio.gather(*talking)
        await settle(talkers)
        # A newcomer receives the whole document.
        async with Talker("auditor", session, dial, chance) as auditor:
            await auditor.is_open()
        verdict([*(one.record for one in talkers), auditor.record])


def unique() -> str:
    """The id of a session nobody else has."""
    return uuid4().hex


def verdict(records: list[Record]) -> None:
    """Fail with every broken promise."""
    faults = check(records)
    assert not faults, "\n".join([f"{len(faults)} broken promises:", *faults[:30]])

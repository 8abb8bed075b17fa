"""Deadlines stop each request after its own time."""

import asyncio
from typing import cast

from duplex.requests.running import Deadlines, Running
from duplex.requests.states import AnyState
from duplex.wire.requests import Request

SECONDS = 0.05


async def for_ever() -> None:
    await asyncio.Event().wait()


def begun(deadlines: Deadlines, seconds: float = SECONDS) -> Running:
    """A request that never ends by itself."""
    running = Running(
        Request("endless", None, None), cast("AnyState", None), asyncio.create_task(for_ever())
    )
    deadlines[seconds].begin(running)
    return running


async def stopped(running: Running) -> float:
    """When it is stopped, in the loop's seconds."""
    assert running.task is not None
    await asyncio.wait([running.task], timeout=5)
    assert running.stopped == "deadline"
    return asyncio.get_running_loop().time()


async def test_each_request_is_stopped_after_its_own_deadline() -> None:
    loop = asyncio.get_running_loop()
    deadlines, start = Deadlines(), loop.time()
    first = begun(deadlines)
    quick = begun(deadlines, SECONDS / 5)
    assert await stopped(quick) - start >= SECONDS / 5
    middle = loop.time()
    second = begun(deadlines)
    assert await stopped(first) - start >= SECONDS
    assert await stopped(second) - middle >= SECONDS
    # The timer starts again after a time without requests.
    end = loop.time()
    assert await stopped(begun(deadlines)) - end >= SECONDS


async def test_a_request_that_ends_in_time_is_not_stopped() -> None:
    deadlines = Deadlines()
    done, late = begun(deadlines), begun(deadlines)
    deadlines[SECONDS].end(done)
    await stopped(late)
    assert done.stopped is None
    assert done.task is not None
    done.task.cancel()

"""A request that is over is freed at once: passes of the garbage collector stop every client."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import cast

import pytest
from duplex.requests.running import Running
from duplex.requests.session import Session

from tests.engine.states import Gates, states
from tests.engine.support import Client, make_engine, serving


@pytest.fixture
def no_collector() -> Iterator[None]:
    """The collector does not run by itself, and pytest keeps no record of logged errors."""
    gc.collect()
    gc.disable()
    logging.disable()
    yield
    logging.disable(logging.NOTSET)
    gc.enable()


def kept(before: Sequence[object] = ()) -> list[object]:
    """The remaining objects of requests, without those of other tests' servers in this process."""
    known = {id(found) for found in before}
    objects = cast("list[object]", gc.get_objects())
    return [
        found for found in objects if id(found) not in known and type(found) in (Running, Session)
    ]


async def reply(client: Client) -> None:
    await client.request("whisper", {"text": "hello"})


async def reply_without_id(client: Client) -> None:
    await client.ask("glance", {"text": "hello"})
    await client.until("glance")


async def changed_document(client: Client) -> None:
    await client.request("note", {"text": "hello"})


async def stream(client: Client) -> None:
    await client.ask("count", {"upto": 3}, id="counted")
    while (await client.until("count")).get("more"):
        pass


async def cancelled_stream(client: Client) -> None:
    await client.ask("tick", {"text": "cancelled"}, id="ticks")
    await client.until("tick")
    await client.send({"state": "cancel", "data": {"id": "ticks"}})
    await client.until("error")


async def refusal(client: Client) -> None:
    await client.ask("spoil", {"text": "refuse"}, id="refused")
    await client.until("error")


async def failure(client: Client) -> None:
    await client.ask("spoil", {"text": "fail"}, id="failed")
    await client.until("error")


async def deadline(client: Client) -> None:
    await client.ask("slow", id="late")
    await client.until("error")


@pytest.mark.parametrize(
    "use",
    [
        reply,
        reply_without_id,
        changed_document,
        stream,
        cancelled_stream,
        refusal,
        failure,
        deadline,
    ],
)
@pytest.mark.usefixtures("no_collector")
async def test_a_request_leaves_no_object_for_the_garbage_collector(
    use: Callable[[Client], Awaitable[None]],
) -> None:
    before = kept()
    async with serving(make_engine(states(Gates()))) as server, await server.client() as client:
        await use(client)
        # The last frame is sent before the request's task ends.
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                while kept(before):
                    await asyncio.sleep(0)
        assert kept(before) == []

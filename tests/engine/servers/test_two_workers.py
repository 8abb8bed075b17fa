"""A stream continues at one worker while its participant is at another."""

from collections.abc import AsyncIterator

import pytest
from duplex_dev.testing.servers import Valkey

from tests.engine.states import Gates, states
from tests.engine.support import Client, Server, Store, make_engine, serving, setup

Pair = tuple[Server, Server]
FEED = {"text": "held"}


@pytest.fixture
async def pair(gates: Gates, store: Store, shared_valkey: Valkey) -> AsyncIterator[Pair]:
    """Two workers with one store."""
    settings = setup()
    settings.broker_url = shared_valkey.url
    engines = [make_engine(states(gates), settings, store=store) for _ in range(2)]
    async with serving(engines[0]) as first, serving(engines[1]) as second:
        yield first, second


@pytest.fixture
async def moved(pair: Pair) -> AsyncIterator[Client]:
    """A participant at the second worker whose stream started at the first one."""
    former = await pair[0].client()
    await former.ask("feed", FEED, id="f")
    first = await former.until("feed")
    former.lose()
    async with await pair[1].client(**former.resume(first["seq"])) as client:
        yield client


async def test_repeating_the_request_of_a_stream_on_another_worker_delays_nothing(
    moved: Client, gates: Gates
) -> None:
    await moved.ask("feed", FEED, id="f")
    assert (await moved.reply("whisper", {"text": "on"}, id="w"))["data"] == {"text": "on"}
    gates.open["held"].set()
    last = await moved.until("feed")
    assert (last["id"], last["data"], "more" in last) == ("f", None, False)
    assert await moved.quiet() == []
    assert gates.runs == ["held", "on"]


async def test_a_stream_interrupted_on_another_worker_is_reported(
    pair: Pair, moved: Client, gates: Gates
) -> None:
    await moved.ask("feed", FEED, id="f")
    await moved.reply("whisper", {"text": "on"}, id="w")
    for member in pair[0].engine.rooms.members():
        member.requests.end_streams("interrupted")
    error = await moved.until("error")
    assert (error["id"], error["code"]) == ("f", "interrupted")
    assert [frame for frame in await moved.quiet() if frame.get("id") == "f"] == []
    assert gates.runs == ["held", "on"]


async def test_a_stream_that_runs_elsewhere_can_be_cancelled(moved: Client, gates: Gates) -> None:
    await moved.ask("feed", FEED, id="f")
    await moved.reply("whisper", {"text": "on"}, id="w")
    await moved.send({"state": "cancel", "data": {"id": "f"}})
    error = await moved.until("error")
    assert (error["id"], error["code"]) == ("f", "cancelled")
    assert gates.runs == ["held", "on"]


async def test_a_stream_that_runs_elsewhere_and_waits_here_can_be_cancelled(
    pair: Pair, gates: Gates
) -> None:
    former = await pair[0].client()
    await former.ask("tick", {"text": "t"}, id="s")
    first = await former.until("tick")
    former.lose()
    async with await pair[1].client(**former.resume(first["seq"])) as client:
        await client.ask("hold", {"text": "queue"}, id="h")
        await gates.entered["queue"].wait()
        await client.ask("tick", {"text": "t"}, id="s")
        await client.send({"state": "cancel", "data": {"id": "s"}})
        error = await client.until("error")
        assert (error["id"], error["code"], "seq" in error) == ("s", "cancelled", True)
        assert gates.entered["tick over"].is_set()
        gates.open["queue"].set()
        assert (await client.until("hold"))["id"] == "h"

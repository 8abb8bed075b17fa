"""A request that was sent again after a reconnect is answered once on the new connection."""

from collections.abc import AsyncIterator

import pytest
from duplex_dev.testing.servers import Valkey

from tests.engine.states import Gates, states
from tests.engine.support import Client, Frame, Server, make_engine, serving, setup

Workers = tuple[Server, Server]
"""Where the participant was, and where it is now."""


@pytest.fixture(params=["same", "other"])
async def workers(
    request: pytest.FixtureRequest, gates: Gates, shared_valkey: Valkey
) -> AsyncIterator[Workers]:
    """The same worker twice, or two workers with one store."""
    settings = setup()
    settings.broker_url = shared_valkey.url
    async with serving(make_engine(states(gates), settings)) as first:
        if request.param == "same":
            yield first, first
            return
        async with serving(make_engine(states(gates), settings)) as second:
            yield first, second


async def answers(client: Client, request_id: str) -> list[Frame]:
    """The last frames that answer a request, of all that have arrived by now."""
    frames = await client.quiet()
    return [frame for frame in frames if frame.get("id") == request_id and "more" not in frame]


async def returned(workers: Workers, former: Client) -> Client:
    """The participant lost its connection and is back."""
    former.lose()
    return await workers[1].client(**former.resume())


async def is_cancelled_while_it_waits(client: Client, gates: Gates, state: str, text: str) -> None:
    """A request that is cancelled while it waits behind another one is answered once."""
    await client.ask("hold", {"text": "queue"}, id="h")
    await gates.entered["queue"].wait()
    await client.ask(state, {"text": text}, id="s")
    await client.send({"state": "cancel", "data": {"id": "s"}})
    error = await client.until("error")
    assert (error["id"], error["code"]) == ("s", "cancelled")
    gates.open["queue"].set()
    assert (await client.until("hold"))["id"] == "h"
    assert await answers(client, "s") == []


async def test_a_stream_that_is_cancelled_while_it_waits_to_be_repeated(
    workers: Workers, gates: Gates
) -> None:
    former = await workers[0].client()
    await former.ask("tick", {"text": "t"}, id="s")
    await former.until("tick")
    async with await returned(workers, former) as client:
        await is_cancelled_while_it_waits(client, gates, "tick", "t")
        assert gates.entered["tick over"].is_set()


async def test_a_request_that_is_cancelled_while_it_waits_and_runs_nowhere(
    workers: Workers, gates: Gates
) -> None:
    former = await workers[0].client()
    async with await returned(workers, former) as client:
        await is_cancelled_while_it_waits(client, gates, "say", "never")
        assert gates.runs == ["hold queue"]


@pytest.mark.parametrize("name", ["hold", "holdPrivately"])
async def test_a_request_that_ends_after_it_was_repeated(
    workers: Workers, gates: Gates, name: str
) -> None:
    former = await workers[0].client()
    await former.ask(name, {"text": "slow"}, id="r")
    await gates.entered["slow"].wait()
    async with await returned(workers, former) as client:
        await client.ask(name, {"text": "slow"}, id="r")
        await client.ask("whisper", {"text": "last"}, id="w")
        await client.quiet()
        gates.open["slow"].set()
        found = [frame for frame in await frames_until(client, "whisper") if frame.get("id") == "r"]
        found += await answers(client, "r")
        assert [frame["data"] for frame in found] == [{"text": "slow"}]
        assert gates.runs == ["hold slow", "last"]


async def test_an_error_that_ends_a_request_after_it_was_repeated(
    workers: Workers, gates: Gates
) -> None:
    former = await workers[0].client()
    await former.ask("hold", {"text": "slow"}, id="r")
    await gates.entered["slow"].wait()
    async with await returned(workers, former) as client:
        await client.ask("hold", {"text": "slow"}, id="r")
        await client.ask("whisper", {"text": "last"}, id="w")
        await client.quiet()
        await client.send({"state": "cancel", "data": {"id": "r"}})
        found = [frame for frame in await frames_until(client, "whisper") if frame.get("id") == "r"]
        found += await answers(client, "r")
        assert [frame.get("code") for frame in found] == ["cancelled"]


async def frames_until(client: Client, state: str) -> list[Frame]:
    """All frames up to the next one of this state."""
    frames: list[Frame] = []
    while not frames or frames[-1]["state"] != state:
        frames.append(await client.receive())
    return frames

"""Streams belong to participants, not connections, and everybody receives how they end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator
from typing import Any, cast

import pytest
from duplex.requests import running
from duplex.wire.requests import Request
from duplex_dev.testing.servers import Valkey

from tests.engine.states import Gates, states
from tests.engine.support import PATIENCE, Client, Frame, Server, make_engine, serving, setup


def pieces(frames: list[Frame]) -> list[int]:
    """The numbers in the pieces among these frames."""
    return [frame["data"]["number"] for frame in frames if frame.get("more")]


async def test_everybody_receives_each_reply_of_a_stream_with_more_and_its_end(
    server: Server,
) -> None:
    async with (
        await server.client(session="stream") as ada,
        await server.client(session="stream") as bob,
    ):
        await ada.ask("count", {"upto": 3}, id="c")
        frames = [await ada.until("count") for _ in range(4)]
        assert [f.get("more", False) for f in frames] == [True, True, True, False]
        assert [f["data"] for f in frames] == [{"number": 0}, {"number": 1}, {"number": 2}, None]
        assert all(f["id"] == "c" for f in frames)
        assert [f.get("ended") for f in frames] == [None, None, None, "done"]
        others = await bob.quiet()
        assert [f["seq"] for f in others] == [f["seq"] for f in frames]
        assert all(f["from"] == ada.participant and "id" not in f for f in others)
        assert others[-1]["ended"] == "done"


@pytest.mark.parametrize(
    ("how", "ended"), [("fails", "failed"), ("cancelled", "cancelled"), ("leaves", "cancelled")]
)
async def test_everybody_receives_how_a_stream_ended(
    server: Server, gates: Gates, how: str, ended: str
) -> None:
    session = f"broken-{how}"
    bob = await server.client(session=session)
    ada = await server.client(session=session)
    await ada.ask("feed", {"text": how}, id="f")
    await gates.entered[how].wait()
    if how == "fails":
        gates.open[how].set()
    elif how == "cancelled":
        await ada.send({"state": "cancel", "data": {"id": "f"}})
    else:
        await ada.send({"state": "leave"})
    first, last = await bob.until("feed"), await bob.until("feed")
    assert first["more"]
    seq = first["seq"] + 1
    assert last == {
        "state": "feed",
        "data": None,
        "ended": ended,
        "from": ada.participant,
        "seq": seq,
    }
    if how == "leaves":
        assert (await bob.until("left"))["data"]["participant"] == ada.participant
        await ada.closed()
    else:
        mine = await ada.quiet()
        assert {"state": "feed", "data": None, "ended": ended, "seq": seq} in mine
        assert [one["id"] for one in mine if one["state"] == "error"] == ["f"]
        assert (await ada.reply("feed", {"text": how}, id="f"))["state"] == "error"
        await ada.close()
    assert gates.runs == [how]
    await bob.close()


@pytest.mark.parametrize("code", [None, 4501])
async def test_a_private_stream_continues_while_its_participant_is_away(
    server: Server, gates: Gates, code: int | None
) -> None:
    """`code`: the connection is lost, or the page was put away and is loaded again."""
    ada = await server.client()
    await ada.ask("tick", {"text": "away"}, id="t")
    first = await ada.until("tick")
    if code is None:
        ada.lose()
    else:
        await ada.close(code)
    for number in range(3):
        gates.open[f"away{number}"].set()
    await gates.entered["away3"].wait()
    async with await server.client(**ada.resume(first["seq"])) as again:
        assert again.initialised["recovered"]
        missed = [frame for frame in await again.quiet() if frame["state"] == "tick"]
        assert pieces(missed) == [1, 2, 3]
        assert all(frame["id"] == "t" for frame in missed)
        gates.open["away3"].set()
        assert pieces([await again.until("tick")]) == [4]
        await again.send({"state": "cancel", "data": {"id": "t"}})
        assert (await again.until("error"))["code"] == "cancelled"
        await gates.entered["tick over"].wait()


async def test_a_stream_may_be_cancelled_before_its_first_step(
    gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is not left behind as if it ignored its cancellation.
    monkeypatch.setattr(running, "CLEANUP_TIME", 2 * PATIENCE)
    registry = states(gates)
    async with serving(make_engine(registry)) as server, await server.client() as ada:
        member = server.member(ada)
        request = registry.read('{"state": "tick", "data": {"text": "on"}, "id": "t"}')
        assert isinstance(request, Request)
        member.ask(request)
        # Runs between the task that starts the stream and the first step of the stream's own task.
        asyncio.get_running_loop().call_soon(member.cancel, "t")
        error = await ada.receive()
        assert (error["code"], error["id"]) == ("cancelled", "t")
        assert await ada.quiet() == []
        assert not member.requests.streams


async def test_a_private_stream_that_is_cancelled_ends_with_the_error_alone(server: Server) -> None:
    async with await server.client() as ada:
        await ada.ask("tick", {"text": "alone"}, id="t")
        await ada.until("tick")
        await ada.send({"state": "cancel", "data": {"id": "t"}})
        error = await ada.receive()
        assert (error["state"], error["code"], error["id"]) == ("error", "cancelled", "t")
        assert await ada.quiet() == []


async def test_repeating_the_request_of_a_private_stream_does_not_restart_it(
    server: Server, gates: Gates
) -> None:
    ada = await server.client()
    await ada.ask("tick", {"text": "twice"}, id="t")
    first = await ada.until("tick")
    # The old connection is half-open: pieces that were sent there may be lost.
    async with await server.client(**ada.resume(first["seq"])) as again:
        await again.ask("tick", {"text": "twice"}, id="t")
        gates.open["twice0"].set()
        assert pieces([await again.until("tick")]) == [1]
        assert pieces(await again.quiet()) == []


async def test_the_end_of_a_private_stream_is_not_missed(server: Server, gates: Gates) -> None:
    ada = await server.client()
    await ada.ask("flood", {"upto": 2}, id="f")
    first = await ada.until("flood")
    while not (frame := await ada.until("flood")).get("ended"):
        pass
    ada.lose()
    async with await server.client(**ada.resume(first["seq"])) as again:
        missed = [frame for frame in await again.quiet() if frame["state"] == "flood"]
        assert [frame.get("ended") for frame in missed] == [None, "done"]
        assert missed[-1] == frame


async def test_a_private_stream_stays_private(server: Server) -> None:
    async with (
        await server.client(session="secret") as ada,
        await server.client(session="secret") as bob,
    ):
        await ada.ask("flood", {"upto": 3}, id="f")
        while not (await ada.until("flood")).get("ended"):
            pass
        assert await bob.quiet() == []
        said = await ada.reply("say", {"text": "public"})
        skipped, public = await bob.receive(), await bob.receive()
        assert skipped == {"state": "skipped", "data": {"through": said["seq"] - 1}}
        assert public["seq"] == said["seq"]
        bob.lose()
        async with await server.client(**bob.resume()) as again:
            assert [frame["state"] for frame in await again.quiet()] == ["say"]


async def test_a_stream_waits_for_its_participant_when_it_is_far_ahead(
    server: Server, gates: Gates
) -> None:
    """Else it would push everything that is to be replayed out of the log."""
    ada = await server.client()
    await ada.ask("hold", {"text": "begin"})
    await ada.ask("flood", {"upto": 400}, id="f")
    await gates.entered["begin"].wait()
    ada.lose()
    await server.engine.sockets.empty.wait()
    gates.open["begin"].set()
    async with await server.client(**ada.resume()) as again:
        assert again.initialised["recovered"]
        count = 0
        while not (frame := await again.until("flood")).get("ended"):
            count += 1
        assert (count, frame["ended"]) == (400, "done")


@pytest.fixture
async def brief(gates: Gates) -> AsyncIterator[Server]:
    """A server whose grace is short."""
    async with serving(make_engine(states(gates), setup(replay_seconds=0.3))) as running:
        yield running


@pytest.mark.parametrize("code", [None, 4501])
async def test_a_stream_ends_when_its_participant_does_not_return(
    brief: Server, gates: Gates, code: int | None
) -> None:
    async with await brief.client(session="gone") as bob:
        ada = await brief.client(session="gone")
        await ada.ask("feed", {"text": "never"}, id="f")
        assert (await bob.until("feed"))["more"]
        if code is None:
            ada.lose()
        else:
            await ada.close(code)
        end = await bob.until("feed")
        assert (end["data"], end["ended"]) == (None, "cancelled")
        member = brief.engine.rooms.member("gone", ada.participant)
        assert member is None


@pytest.fixture
async def pair(gates: Gates, shared_valkey: Valkey) -> AsyncIterator[tuple[Server, Server]]:
    """Two workers with one store."""
    settings = setup(broker_url=shared_valkey.url)
    engines = [make_engine(states(gates), settings) for _ in range(2)]
    async with serving(engines[0]) as first, serving(engines[1]) as second:
        yield first, second


@pytest.fixture
async def moved(pair: tuple[Server, Server]) -> AsyncIterator[Client]:
    """A participant at the second worker whose private stream started at the first one."""
    former = await pair[0].client()
    await former.ask("tick", {"text": "move"}, id="t")
    first = await former.until("tick")
    former.lose()
    async with await pair[1].client(**former.resume(first["seq"])) as client:
        yield client


async def test_a_private_stream_continues_on_another_worker(moved: Client, gates: Gates) -> None:
    gates.open["move0"].set()
    assert pieces([await moved.until("tick")]) == [1]
    await moved.ask("tick", {"text": "move"}, id="t")
    gates.open["move1"].set()
    assert pieces([await moved.until("tick")]) == [2]


async def test_a_private_stream_at_another_worker_is_cancelled_from_here(
    moved: Client, gates: Gates
) -> None:
    await moved.send({"state": "cancel", "data": {"id": "t"}})
    error = await moved.until("error")
    assert (error["id"], error["code"]) == ("t", "cancelled")
    await gates.entered["tick over"].wait()


async def test_a_stream_without_replies_is_not_announced_to_others(server: Server) -> None:
    async with (
        await server.client(session="silent") as ada,
        await server.client(session="silent") as bob,
    ):
        assert (await ada.reply("feed", {"text": ""}, id="f"))["code"] == "internal"
        assert await bob.quiet() == []


async def test_a_task_factory_of_the_application_makes_no_task_of_a_request(server: Server) -> None:
    """It may start tasks eagerly: a request would start before its participant knows the task."""
    made: list[str] = []

    def factory(
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **options: Any,
    ) -> "asyncio.Task[Any]":
        made.append(repr(coroutine))
        return asyncio.Task(cast("Coroutine[Any, Any, Any]", coroutine), loop=loop, **options)

    async with await server.client(session="factory") as ada:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        try:
            await loop.create_task(asyncio.sleep(0))
            await ada.ask("count", {"upto": 1}, id="c")
            assert [(await ada.until("count"))["data"] for _ in range(2)] == [{"number": 0}, None]
        finally:
            loop.set_task_factory(None)
    assert any("sleep" in each for each in made)
    assert not [each for each in made if "RequestQueue" in each or "Runner" in each]

"""Handlers that are stopped may clean up, and those that ignore it delay nobody."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from contextvars import ContextVar

import duplex
import pytest
from duplex import Model, Refused, Registry, state
from duplex.brokers.base import LockLost
from duplex.brokers.values import Commit
from duplex.requests import running
from duplex.requests.queue import RequestQueue, Starts
from duplex.wire.requests import Request

from tests.engine.states import Gates, Number, Said, Text
from tests.engine.support import Notes, Server, make_engine, serving, setup

Session = duplex.Session[Notes]
COLOUR: ContextVar[str] = ContextVar("COLOUR", default="none")


class Lines(Model):
    lines: list[str]


def cleaning(gates: Gates) -> Registry:
    @state("busy", deadline=5.0)
    async def busy(session: Session, data: Text) -> AsyncIterator[Number]:
        async with session.edit() as notes:
            notes.lines.append("busy")
        yield Number(number=0)
        try:
            if data.text.startswith("yield"):
                while True:
                    yield Number(number=1)
                    await gates.wait("next")
            await gates.wait(data.text)
            raise Refused("No more.")
        except asyncio.CancelledError:
            gates.entered["cancelled"].set()
            raise
        finally:
            async with session.edit() as notes:
                notes.lines.remove("busy")
            session.send("free", Said(text=data.text))

    @state("free")
    async def free(session: Session) -> Said:
        return Said(text="")

    @state("half", to="sender")
    async def half(session: Session, data: Text) -> None:
        async with session.edit() as notes:
            notes.lines.append("half")
        session.send("free", Said(text="never"))
        try:
            await gates.wait(data.text)
            raise Refused("No.")
        finally:
            async with session.edit() as notes:
                notes.lines.append("cleaned up")

    @state("wrong", to="sender")
    async def wrong(session: Session) -> None:
        try:
            raise Refused("No.")
        finally:
            async with session.edit() as notes:
                notes.lines = [None]  # pyright: ignore[reportAttributeAccessIssue]

    @state("recovers", to="sender")
    async def recovers(session: Session) -> None:
        async with session.edit() as notes:
            notes.lines.append("first")
        try:
            raise ValueError
        except ValueError:
            async with session.edit() as notes:
                notes.lines.append("second")

    @state("waits", to="sender")
    async def waits(session: Session) -> None:
        await gates.wait("waits")

    @state("lines", to="sender")
    async def lines(session: Session) -> Lines:
        return Lines(lines=(await session.read()).lines)

    @state("deaf", deadline=0.05, to="sender")
    async def deaf(session: Session) -> None:
        while not gates.open["enough"].is_set():
            with suppress(asyncio.CancelledError):
                await gates.open["enough"].wait()
        gates.entered["deaf is over"].set()

    @state("deafStream", deadline=0.05)
    async def deaf_stream(session: Session) -> AsyncIterator[Number]:
        yield Number(number=0)
        while not gates.open["enough"].is_set():
            with suppress(asyncio.CancelledError):
                await gates.open["enough"].wait()
        yield Number(number=1)

    @state("cancelsItself", to="sender")
    async def cancels_itself(session: Session, data: Text) -> Said:
        task = asyncio.current_task()
        assert task is not None
        if data.text == "later":
            asyncio.get_running_loop().call_later(0.01, task.cancel)
            await gates.wait("never")
        task.cancel()
        if data.text == "now":
            await asyncio.sleep(0)
        return Said(text="done")

    @state("paint", to="sender")
    async def paint(session: Session, data: Text) -> Said:
        before = COLOUR.get()
        COLOUR.set(data.text)
        await asyncio.sleep(0)
        assert COLOUR.get() == data.text
        return Said(text=before)

    return Registry(
        [
            *(busy, free, half, wrong, recovers, waits, lines, deaf, deaf_stream),
            *(cancels_itself, paint),
        ]
    )


@pytest.fixture(params=["memory", "valkey"])
async def server(request: pytest.FixtureRequest, gates: Gates) -> AsyncGenerator[Server]:
    settings = setup()
    if request.param == "valkey":
        settings.broker_url = request.getfixturevalue("shared_valkey").url
    async with serving(make_engine(cleaning(gates), settings)) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers have little time to end after their cancellation."""
    monkeypatch.setattr(running, "CLEANUP_TIME", 0.2)


def listen(caplog: pytest.LogCaptureFixture) -> None:
    """Capture the engine's log, which a server's own configuration keeps to itself."""
    logging.getLogger("duplex").addHandler(caplog.handler)


@pytest.mark.parametrize("how", ["cancel", "yield and cancel", "refuse", "leave"])
async def test_changes_made_while_a_stream_cleans_up_are_committed(
    server: Server, gates: Gates, how: str
) -> None:
    session = how.replace(" ", "-")
    ada = await server.client(session=session)
    async with await server.client(session=session) as bob:
        await ada.ask("busy", {"text": how}, id="b")
        await bob.until("busy")
        await gates.entered["next" if how.startswith("yield") else how].wait()
        assert (await bob.reply("lines"))["data"] == {"lines": ["busy"]}
        if how == "refuse":
            gates.open[how].set()
        elif how == "leave":
            await ada.send({"state": "leave"})
        else:
            await ada.send({"state": "cancel", "data": {"id": "b"}})
        assert (await bob.until("free"))["data"] == {"text": how}
        assert "ended" in await bob.until("busy")
        assert (await bob.reply("lines"))["data"] == {"lines": []}
        assert gates.entered["cancelled"].is_set() == (how != "refuse")
    await ada.close()


async def test_changes_before_a_cancellation_are_dropped_and_later_ones_committed(
    server: Server, gates: Gates
) -> None:
    async with await server.client() as ada:
        await ada.ask("half", {"text": "cancel"}, id="h")
        await gates.entered["cancel"].wait()
        await ada.send({"state": "cancel", "data": {"id": "h"}})
        assert (await ada.receive())["code"] == "cancelled"
        assert (await ada.reply("lines"))["data"] == {"lines": ["cleaned up"]}


async def test_a_handler_that_fails_after_changes_changes_nothing(
    server: Server, gates: Gates
) -> None:
    async with await server.client() as ada:
        gates.open["fail"].set()
        assert (await ada.reply("half", {"text": "fail"}))["code"] == "refused"
        assert (await ada.reply("lines"))["data"] == {"lines": []}
        assert (await ada.reply("recovers"))["data"] is None
        assert (await ada.reply("lines"))["data"] == {"lines": ["first", "second"]}


async def test_a_cleanup_that_cannot_be_stored_is_logged(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    listen(caplog)
    async with await server.client() as ada:
        assert (await ada.reply("wrong", id="w"))["code"] == "refused"
        assert "the changes of the cleanup of" in caplog.text
        assert (await ada.reply("wrong", id="w"))["code"] == "refused"
        assert (await ada.reply("lines"))["data"] == {"lines": []}


async def test_a_request_that_another_worker_took_over_loses_no_cleanup(
    server: Server, gates: Gates, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = server.engine.broker.commit

    async def taken_over(step: Commit) -> int:
        if step.reply is not None and step.settles:
            raise LockLost("the request was given to another worker")
        return await commit(step)

    listen(caplog)
    caplog.set_level(logging.INFO)
    async with await server.client() as ada:
        await ada.ask("waits", id="w")
        await gates.entered["waits"].wait()
        monkeypatch.setattr(server.engine.broker, "commit", taken_over)
        await ada.send({"state": "cancel", "data": {"id": "w"}})
        assert (await ada.receive())["code"] == "cancelled"
    assert "the outcome of waits could not be recorded" in caplog.text
    assert "the changes of the cleanup of" not in caplog.text


@pytest.mark.usefixtures("impatient")
async def test_a_handler_that_ignores_its_deadline_is_left_behind(
    server: Server, gates: Gates, caplog: pytest.LogCaptureFixture
) -> None:
    listen(caplog)
    async with await server.client(session="deaf") as bob:
        ada = await server.client(session="deaf")
        await ada.ask("deaf", id="d")
        await ada.ask("lines", id="l")
        error, behind = await ada.receive(), await ada.receive()
        assert (error["code"], error["id"]) == ("deadline", "d")
        assert behind["id"] == "l"
        assert "ignores its cancellation" in caplog.text
        await ada.ask("deaf", id="e")
        await ada.send({"state": "leave"})
        assert (await bob.until("left"))["data"]["participant"] == ada.participant
        gates.open["enough"].set()
        await gates.entered["deaf is over"].wait()
        assert await bob.quiet() == []


@pytest.mark.usefixtures("impatient")
async def test_a_stream_that_ignores_its_deadline_is_left_behind(
    server: Server, gates: Gates
) -> None:
    async with await server.client() as ada:
        await ada.ask("deafStream", id="d")
        assert (await ada.receive())["more"]
        assert (await ada.receive())["ended"] == "failed"
        assert (await ada.receive())["code"] == "deadline"
        gates.open["enough"].set()
        assert await ada.quiet() == []


async def test_a_server_stops_although_a_handler_ignores_its_cancellation(
    gates: Gates, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(20):
        async with serving(make_engine(cleaning(gates), setup(write_timeout=0.2))) as server:
            listen(caplog)
            ada = await server.client()
            await ada.ask("deaf", id="d")
            await ada.ask("deafStream", id="e")
            assert await ada.quiet() == []
        await ada.closed()
    assert "is closed" in caplog.text


@pytest.mark.parametrize(("how", "state"), [("now", "error"), ("at the end", "cancelsItself")])
async def test_a_request_whose_task_is_cancelled_by_other_code_is_answered(
    server: Server, how: str, state: str
) -> None:
    async with await server.client() as ada:
        await ada.ask("cancelsItself", {"text": how}, id="c")
        await ada.ask("lines", id="l")
        first, second = await ada.receive(), await ada.receive()
        assert (first["state"], first["id"]) == (state, "c")
        assert second["id"] == "l"


async def test_a_request_that_is_cancelled_by_a_timer_is_answered(server: Server) -> None:
    async with await server.client() as ada:
        await ada.ask("cancelsItself", {"text": "later"}, id="c")
        await ada.ask("lines", id="l")
        first, second = await ada.receive(), await ada.receive()
        assert (first["code"], first["id"]) == ("internal", "c")
        assert second["id"] == "l"


async def test_a_request_does_not_see_the_context_variables_of_another(server: Server) -> None:
    async with await server.client() as ada:
        for colour in ("red", "green"):
            await ada.ask("paint", {"text": colour})
        assert [(await ada.receive())["data"]["text"] for _ in range(2)] == ["none", "none"]


async def test_requests_after_an_abandoned_handler_have_none_of_its_timer_s_context(
    gates: Gates,
) -> None:
    deaf = cleaning(gates)["deaf"]
    seen: list[str] = []

    async def run(request: Request) -> None:
        queue.running = running.Running(request, deaf, None)
        if request.id == "deaf":
            await gates.wait("enough")
        seen.append(COLOUR.get())

    queue = RequestQueue(run, Starts())
    for request_id in ("deaf", "next"):
        queue.add(Request("deaf", None, request_id))
    await gates.entered["enough"].wait()
    assert queue.running is not None
    # A timer of many deadlines has the context of the handler that started it.
    COLOUR.set("red")
    queue.leave_behind(queue.running)
    await queue.settled()
    assert seen == ["none"]
    gates.open["enough"].set()

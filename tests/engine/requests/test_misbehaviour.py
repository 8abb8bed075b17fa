"""Misbehaving handlers: their sender gets an error, and all others continue."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import cast
from unittest.mock import Mock

import duplex
import pytest
from duplex import Model, Refused, Registry, state
from duplex.brokers.base import Commit
from duplex.requests.runner import Runner
from duplex.requests.session import Services
from duplex.rooms.member import Member
from duplex.wire.requests import Request

from tests.engine.support import Client, Frame, Notes, Server, make_engine, serving

Session = duplex.Session[Notes]


class Text(Model):
    text: str = ""


RAISED: dict[str, Callable[[], BaseException]] = {
    "exit": lambda: SystemExit(3),
    "interrupt": KeyboardInterrupt,
    "cancelled": asyncio.CancelledError,
    "generator exit": GeneratorExit,
    "group": lambda: BaseExceptionGroup("both", [asyncio.CancelledError(), ValueError()]),
    "no JSON": lambda: Refused("No.", details={"at": cast("str", object())}),
    "no text": lambda: Refused("half of a pair: \ud83d"),
}


async def edit(session: Session) -> None:
    async with session.edit() as document:
        lines_of(document).append("too late")


async def transaction(session: Session) -> None:
    async with session.transaction():
        raise AssertionError("the transaction began")


async def send(session: Session) -> None:
    session.send("notes", Notes())


Later = Callable[[], Awaitable[object]]

USES: dict[str, Callable[[Session], Awaitable[object]]] = {
    "edit": edit,
    "read": lambda session: session.read(),
    "hold": lambda session: session.hold(Notes()),
    "participants": lambda session: session.participants(),
    "transaction": transaction,
    "send": send,
    "save": lambda session: session.save(),
}


def lines_of(document: Notes) -> list[str]:
    return document.lines


def misbehaving(later: list[Later]) -> Registry:
    @state("note", deadline=5.0, to="sender")
    async def note(session: Session, data: Text) -> Text:
        async with session.edit() as document:
            lines_of(document).append(data.text)
        return data

    @state("notes", to="sender")
    async def notes(session: Session) -> Notes:
        return await session.read()

    @state("throw", to="sender")
    async def throw(session: Session, data: Text) -> None:
        error = RAISED[data.text]()
        raise error

    @state("throwLater", to="sender")
    async def throw_later(session: Session, data: Text) -> AsyncIterator[Text]:
        yield data
        error = RAISED[data.text]()
        raise error

    @state("notANumber", to="sender")
    async def not_a_number(session: Session) -> None:
        raise Refused("No.", details={"left": float("nan")})

    @state("deaf", deadline=0.05, to="sender")
    async def deaf(session: Session) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    @state("cancellations", to="sender")
    async def cancellations(session: Session) -> Text:
        task = asyncio.current_task()
        return Text(text=str(task.cancelling() if task is not None else None))

    @state("deafStream", to="sender")
    async def deaf_stream(session: Session) -> AsyncIterator[Text]:
        while True:
            yield Text()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    @state("hundred")
    async def hundred(session: Session) -> AsyncIterator[Text]:
        for number in range(100):
            yield Text(text=str(number))

    @state("nested", to="sender")
    async def nested(session: Session) -> None:
        async with session.edit() as document:
            lines_of(document).append("outer")
            with suppress(ValueError):
                async with session.edit() as inner:
                    lines_of(inner).append("inner")
                    raise ValueError
            lines_of(document).append("outer again")

    @state("editing", to="sender")
    async def editing(session: Session) -> AsyncIterator[Text]:
        async with session.edit() as document:
            lines_of(document).append("kept?")
            yield Text()
            lines_of(document).append("unlocked")

    @state("mistyped", to="sender")
    async def mistyped(session: Session) -> None:
        async with session.edit() as document:
            lines_of(document).append(cast("str", 5))

    @state("tuple", to="sender")
    async def as_tuple(session: Session, data: Text) -> None:
        async with session.edit() as document:
            document.lines = cast("list[str]", (data.text,))

    @state("lingers", to="sender")
    async def lingers(session: Session, data: Text) -> None:
        later.append(partial(USES[data.text], session))

    found = [
        note, notes, throw, throw_later, not_a_number, deaf, cancellations, deaf_stream, hundred,
        nested, editing, mistyped, as_tuple, lingers,
    ]  # fmt: skip
    return Registry(found)


@pytest.fixture
def later() -> list[Later]:
    return []


@pytest.fixture
async def wild(later: list[Later]) -> AsyncGenerator[Server]:
    async with serving(make_engine(misbehaving(later))) as running:
        yield running


async def answer(client: Client, state: str, text: str | None = None) -> Frame:
    """The last frame of a request's answer."""
    frame = await client.reply(state, None if text is None else {"text": text})
    while frame.get("more"):
        frame = await client.receive()
    return frame


@pytest.mark.parametrize("state", ["throw", "throwLater"])
@pytest.mark.parametrize("what", RAISED)
async def test_the_sender_gets_an_error_for_any_exception_of_a_handler(
    wild: Server, state: str, what: str
) -> None:
    async with await wild.client() as client:
        await client.ask(state, {"text": what}, id="1")
        # Sent behind it, and answered like any other.
        await client.ask("note", {"text": "next"}, id="2")
        answers: dict[str, Frame] = {}
        while len(answers) < 2:
            frame = await client.receive()
            if not frame.get("more"):
                answers[frame["id"]] = frame
        assert answers["1"]["code"] == "internal"
        assert "reference" in answers["1"]["error"]
        assert answers["2"]["data"] == {"text": "next"}


def test_a_request_of_a_closed_event_loop_is_closed_silently(
    caplog: pytest.LogCaptureFixture,
) -> None:
    entered = asyncio.Event()

    @state("endless", to="sender")
    async def endless(session: Session) -> None:
        entered.set()
        await asyncio.Event().wait()

    loop = asyncio.new_event_loop()
    try:
        member = Mock(spec=Member, requests=Mock())
        request = Request("endless", None, None)
        services = Mock(spec=Services, registry=Registry([endless]))
        running = loop.create_task(Runner(services).run(member, request))
        loop.run_until_complete(entered.wait())
        # As the interpreter does with an abandoned coroutine.
        running.get_coro().close()
    finally:
        loop.close()
    assert member.push.mock_calls == []
    assert caplog.records == []


async def test_nan_and_infinity_are_null_in_errors(wild: Server) -> None:
    async with await wild.client() as client:
        frame = await answer(client, "notANumber")
        assert frame["details"] == {"state": "notANumber", "left": None}


async def test_a_swallowed_cancellation_does_not_affect_the_next_request(
    wild: Server,
) -> None:
    async with await wild.client() as client:
        await client.ask("deaf", id="1")
        assert (await answer(client, "cancellations"))["data"] == {"text": "0"}


async def test_a_stream_that_swallows_its_cancellation_ends(wild: Server) -> None:
    async with await wild.client() as client:
        await client.reply("deafStream", id="s")
        await client.send({"state": "cancel", "data": {"id": "s"}})
        assert (await client.until("error"))["code"] == "cancelled"
        await client.reply("note", {"text": "after"})
        assert await client.quiet() == []


async def test_a_stream_cancelled_during_a_commit_ends_after_it(
    wild: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    storing, stored = asyncio.Event(), asyncio.Event()
    commit = wild.engine.broker.commit

    async def slowly(step: Commit) -> int:
        if any(entry.more for entry in step.entries):
            storing.set()
            await stored.wait()
        return await commit(step)

    async with await wild.client() as client:
        monkeypatch.setattr(wild.engine.broker, "commit", slowly)
        await client.ask("hundred", id="s")
        await storing.wait()
        await client.send({"state": "cancel", "data": {"id": "s"}})
        # Its answer comes when the cancellation was read.
        assert await client.quiet() == []
        stored.set()
        assert (await client.receive())["more"]
        end = await client.receive()
        assert (end["state"], end["data"], "id" in end) == ("hundred", None, False)
        assert (await client.receive())["code"] == "cancelled"


@pytest.mark.parametrize("state", ["nested", "editing", "mistyped"])
async def test_an_invalid_edit_is_an_error_and_changes_nothing(wild: Server, state: str) -> None:
    async with await wild.client() as client:
        await answer(client, "note", "first")
        assert (await answer(client, state))["code"] == "internal"
        await answer(client, "note", "last")
        assert (await answer(client, "notes"))["data"] == {"lines": ["first", "last"]}


async def test_the_next_edit_starts_from_the_stored_document(wild: Server) -> None:
    async with await wild.client() as client:
        assert (await answer(client, "tuple", "first"))["data"] is None
        await answer(client, "note", "second")
        assert (await answer(client, "notes"))["data"] == {"lines": ["first", "second"]}


@pytest.mark.parametrize("use", USES)
async def test_a_session_kept_after_its_request_cannot_be_used(
    wild: Server, later: list[Later], use: str
) -> None:
    async with await wild.client() as client:
        await answer(client, "lingers", use)
        assert (await answer(client, "note", "free"))["data"] == {"text": "free"}
        with pytest.raises(RuntimeError, match="the request is over"):
            await later[0]()
        assert (await answer(client, "note", "still free"))["data"] == {"text": "still free"}
        lines = (await answer(client, "notes"))["data"]["lines"]
        assert lines == ["free", "still free"]

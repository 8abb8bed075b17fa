"""Open sessions from outside of a handler, as REST routes and scripts use them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from duplex import LiveSessions, SessionNotOpen
from duplex.brokers import from_url
from duplex.brokers.base import Retention
from duplex.rooms.live import NoEvents
from duplex_dev.testing.servers import Valkey

from tests.engine.states import Fallen, Gates, Said, dice_rolled, states
from tests.engine.support import Notes, Server, make_engine, serving, setup


@pytest.fixture
def live(server: Server) -> LiveSessions[Any]:
    return server.engine.live


async def test_a_message_reaches_everybody_in_the_sessions_order(
    server: Server, live: LiveSessions[Any]
) -> None:
    say = states(Gates())["say"]
    async with (
        await server.client(session="news") as ada,
        await server.client(session="news") as bob,
    ):
        assert await live.send("news", say, Said(text="from outside"))
        assert await live.send("news", dice_rolled, Fallen(points=6))
        received = [await client.until("say") for client in (ada, bob)]
        assert [frame["data"] for frame in received] == [{"text": "from outside"}] * 2
        assert received[0]["seq"] == received[1]["seq"]
        assert "from" not in received[0]
        assert (await ada.until("diceRolled"))["data"] == {"points": 6}


async def test_an_edit_is_committed_with_its_message(
    server: Server, live: LiveSessions[Notes]
) -> None:
    async with await server.client(session="edited") as ada:
        await ada.reply("note", {"text": "first"})
        async with live.edit("edited", "say", Said(text="edited")) as notes:
            notes.lines.append("second")
        assert (await ada.until("say"))["data"] == {"text": "edited"}
        assert (await ada.reply("notes"))["data"] == {"lines": ["first", "second"]}
        assert (await live.read("edited")).lines == ["first", "second"]


async def test_an_edit_that_fails_changes_nothing_and_frees_the_document(
    server: Server, live: LiveSessions[Notes]
) -> None:
    async with await server.client(session="failed") as ada:
        with pytest.raises(ValueError, match="lines"):
            async with live.edit("failed", "say", Said(text="never")) as notes:
                notes.lines.append(None)  # pyright: ignore[reportArgumentType]
        await ada.reply("note", {"text": "next"})
        assert (await ada.reply("notes"))["data"] == {"lines": ["next"]}


async def test_closing_ends_the_session_for_everybody_with_a_reason(
    server: Server, live: LiveSessions[Any]
) -> None:
    ada = await server.client(session="board")
    bob = await server.client(session="board")
    assert await live.close("board", "This board was deleted.")
    for client in (ada, bob):
        assert (await client.until("error"))["error"] == "This board was deleted."
        assert await client.closed() == 1000
        assert client.socket.close_reason == "This board was deleted."
    assert await live.participants("board") == []
    async with await server.client(session="board") as again:
        assert again.initialised["epoch"] != ada.initialised["epoch"]


async def test_one_participant_is_removed_with_a_reason(
    server: Server, live: LiveSessions[Any]
) -> None:
    async with await server.client(session="removed") as bob:
        ada = await server.client(session="removed")
        eve = await server.client(session="removed")
        eve.lose()
        assert await live.close("removed", "You were removed.", ada.participant)
        error = await ada.until("error")
        assert (error["error"], error["code"]) == ("You were removed.", "forbidden")
        assert await ada.closed() == 4403
        assert await live.close("removed", "You were removed.", eve.participant)
        gone: set[str] = set()
        while gone != {ada.participant, eve.participant}:
            gone.add((await bob.until("left"))["data"]["participant"])
        again = await server.client(**ada.resume())
        assert again.participant != ada.participant
        await again.close()
        assert not await live.close("removed", "Who?", "nobody")


async def test_participants_are_listed_with_their_accounts(
    server: Server, live: LiveSessions[Any]
) -> None:
    async with (
        await server.client(session="people", token="ada") as ada,
        await server.client(session="people", name="Bob"),
    ):
        people = await live.participants("people")
        assert [(each.name, each.user) for each in people] == [("Ada", "ada"), ("Bob", None)]
        assert people[0].id == ada.participant


async def test_a_session_that_is_not_open_is_reported(live: LiveSessions[Any]) -> None:
    assert not await live.send("nobody", "say", Said(text="x"))
    assert not await live.close("nobody", "Gone.")
    assert await live.participants("nobody") == []
    with pytest.raises(SessionNotOpen):
        await live.read("nobody")
    with pytest.raises(SessionNotOpen):
        async with live.edit("nobody"):
            pytest.fail("there is nothing to edit")


@pytest.fixture
async def elsewhere(shared_valkey: Valkey) -> AsyncIterator[LiveSessions[Notes]]:
    """The open sessions as another process sees them."""
    broker = from_url(shared_valkey.url, Retention())
    await broker.start(NoEvents())
    yield LiveSessions(broker, states(Gates()), Notes, 2**20)
    await broker.stop()


async def test_another_process_reaches_open_sessions(
    gates: Gates, shared_valkey: Valkey, elsewhere: LiveSessions[Notes]
) -> None:
    engine = make_engine(states(gates), setup(broker_url=shared_valkey.url))
    async with serving(engine) as server:
        ada, bob = [await server.client(session="script") for _ in range(2)]
        assert await elsewhere.send("script", "say", Said(text="hello"))
        assert (await ada.until("say"))["data"] == {"text": "hello"}
        async with elsewhere.edit("script") as notes:
            notes.lines.append("by a script")
        assert (await ada.reply("notes"))["data"] == {"lines": ["by a script"]}
        assert await elsewhere.close("script", "Go.", bob.participant)
        assert await bob.closed() == 4403
        assert await elsewhere.close("script", "The end.")
        assert await ada.closed() == 1000

"""The features of handlers, and their effects on the session."""

from typing import Any

import pytest
from pydantic import Field

from tests.engine.states import Gates, states
from tests.engine.support import Notes, Server, Store, make_engine, serving


async def test_values_of_all_types_survive_the_round_trip(server: Server) -> None:
    data: dict[str, Any] = {
        "uuid": "12345678-1234-5678-1234-567812345678",
        "at": "2026-11-22T21:00:00Z",
        "price": "12.30",
        "colour": "red",
        "raw": "AAEC",
        "zero": 0,
        "no": False,
    }
    async with await server.client() as ada:
        assert (await ada.reply("kinds", data))["data"] == data


async def test_a_handler_may_have_no_data_and_no_response(server: Server) -> None:
    async with await server.client() as ada:
        assert (await ada.reply("nothing", None, id="n"))["data"] is None
        assert (await ada.reply("nothing", {}, id="m"))["data"] is None
        await ada.send({"state": "nothing"})
        assert await ada.receive() == {"state": "nothing", "data": None}


async def test_an_edit_is_committed_with_its_reply(server: Server) -> None:
    async with await server.client(session="edit") as ada:
        await ada.reply("note", {"text": "one"})
        async with await server.client(session="edit") as bob:
            assert bob.initialised["snapshot"] == {"lines": ["one"]}
            await bob.reply("note", {"text": "two"})
            assert (await ada.reply("notes"))["data"] == {"lines": ["one", "two"]}


class Renamed(Notes):
    """Its field has another name on the wire."""

    lines: list[str] = Field(default_factory=list[str], alias="allLines")


async def test_a_document_is_sent_with_its_aliases() -> None:
    async with (
        serving(make_engine(states(Gates()), document=Renamed)) as server,
        await server.client(session="alias") as ada,
    ):
        assert ada.initialised["snapshot"] == {"allLines": []}
        await ada.reply("note", {"text": "one"})
        async with await server.client(session="alias") as bob:
            assert bob.initialised["snapshot"] == {"allLines": ["one"]}
            assert (await bob.reply("notes"))["data"] == {"lines": ["one"]}


@pytest.mark.parametrize("how", ["refuse", "raise"])
async def test_a_failing_handler_changes_nothing_and_reveals_no_details(
    server: Server, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        await server.client(session=f"spoil-{how}") as ada,
        await server.client(session=f"spoil-{how}") as bob,
    ):
        await ada.reply("note", {"text": "kept"})
        error = await ada.reply("spoil", {"text": how}, id="x")
        assert (error["state"], error["id"]) == ("error", "x")
        if how == "refuse":
            assert error["error"] == "Not now."
            assert error["code"] == "refused"
            assert error["details"] == {"state": "spoil", "why": "busy"}
        else:
            assert error["code"] == "internal"
            assert "secret" not in str(error)
            assert "Traceback" not in str(error)
            reference = error["error"].split("reference ")[1].rstrip(").")
            assert reference in caplog.text
            assert "secret inside" in caplog.text
        assert (await ada.reply("notes"))["data"] == {"lines": ["kept"]}
        assert [f["state"] for f in await bob.quiet()] == ["note"]


async def test_edits_wait_for_each_other_and_none_is_lost(server: Server, gates: Gates) -> None:
    async with (
        await server.client(session="race") as ada,
        await server.client(session="race") as bob,
    ):
        await ada.ask("holdNote", {"text": "slow"})
        await gates.entered["slow"].wait()
        await bob.ask("note", {"text": "fast"})
        assert [f["state"] for f in await bob.quiet()] == []
        gates.open["slow"].set()
        await bob.until("note")
        assert (await bob.reply("notes"))["data"] == {"lines": ["slow", "fast"]}


async def test_an_edit_that_is_cancelled_frees_the_document(server: Server, gates: Gates) -> None:
    async with await server.client() as ada:
        await ada.ask("holdNote", {"text": "stuck"}, id="1")
        await gates.entered["stuck"].wait()
        await ada.send({"state": "cancel", "id": "1"})
        assert (await ada.until("error"))["code"] == "cancelled"
        await ada.reply("note", {"text": "next"})
        assert (await ada.reply("notes"))["data"] == {"lines": ["next"]}


async def test_a_message_of_another_state_comes_before_the_reply(server: Server) -> None:
    async with (
        await server.client(session="send") as ada,
        await server.client(session="send") as bob,
    ):
        await ada.until("joined")
        await ada.ask("announce", {"text": "hear"}, id="a")
        first, second = await ada.receive(), await ada.receive()
        assert (first["state"], first["data"]) == ("say", {"text": "hear"})
        assert "id" not in first
        assert (second["state"], second["id"]) == ("announce", "a")
        heard = await bob.quiet()
        assert [(f["state"], f["from"]) for f in heard] == [("say", ada.participant)]


async def test_a_request_that_takes_too_long_is_stopped_and_the_session_continues(
    server: Server,
) -> None:
    async with await server.client() as ada:
        error = await ada.reply("slow", id="s")
        assert (error["code"], error["id"]) == ("deadline", "s")
        assert error["details"] == {"state": "slow"}
        assert (await ada.reply("say", {"text": "alive"}))["data"]["text"] == "alive"


async def test_a_reply_of_an_undeclared_type_never_reaches_the_page(server: Server) -> None:
    async with await server.client() as ada:
        assert (await ada.reply("lies"))["code"] == "internal"


async def test_a_queued_request_can_be_cancelled(server: Server, gates: Gates) -> None:
    async with await server.client() as ada:
        await ada.ask("hold", {"text": "queue"}, id="1")
        await ada.ask("whisper", {"text": "never"}, id="2")
        await gates.entered["queue"].wait()
        await ada.send({"state": "cancel", "data": {"id": "2"}})
        error = await ada.receive()
        assert (error["code"], error["id"]) == ("cancelled", "2")
        gates.open["queue"].set()
        assert (await ada.receive())["id"] == "1"
        assert gates.runs == ["hold queue"]


async def test_a_request_of_an_ended_session_does_not_affect_the_next_one(
    server: Server, gates: Gates
) -> None:
    ada = await server.client(session="again")
    first, second, third = [await server.client(session="again") for _ in range(3)]
    await first.ask("holdNote", {"text": "old"}, id="1")
    await second.ask("hold", {"text": "stray"}, id="1")
    await third.ask("hold", {"text": "nameless"})
    names = ("old", "stray", "nameless")
    for name in names:
        await gates.entered[name].wait()
    await server.engine.live.close("again", "It is over.")
    for one in (ada, first, second, third):
        await one.closed()

    eve = await server.client(session="again")
    await eve.ask("holdNote", {"text": "new"}, id="1")
    await gates.entered["new"].wait()
    for name in names:
        gates.open[name].set()
    # Their handlers continue at once; this request is after them.
    late = await server.client(session="again")
    assert late.initialised["snapshot"] == {"lines": []}
    gates.open["new"].set()
    heard = [await eve.receive() for _ in range(2)]
    assert [frame["state"] for frame in heard] == ["joined", "holdNote"]
    assert (heard[-1]["data"], "from" in heard[-1]) == ({"text": "new"}, False)
    assert (await late.reply("notes"))["data"] == {"lines": ["new"]}
    for one in (eve, late):
        await one.close()


async def test_a_closing_state_replies_to_everybody_and_ends_the_session(
    server: Server, store: Store
) -> None:
    ada = await server.client(session="closing", token="ada")
    bob = await server.client(session="closing")
    await ada.reply("note", {"text": "keep this"})
    reply = await ada.reply("save", {"title": "Kept"}, id="s")
    assert reply["data"] == {"id": "closing", "title": "Kept"}
    assert (await bob.until("save"))["from"] == ada.participant
    assert await ada.closed() == 1000
    assert await bob.closed() == 1000
    assert bob.socket.close_reason == "ended"
    assert store.owners["closing"] == "ada"
    async with await server.client(session="closing") as again:
        assert again.initialised["snapshot"] == {"lines": ["keep this"]}
        assert again.initialised["epoch"] != ada.initialised["epoch"]


async def test_a_closing_state_that_is_refused_leaves_the_session_open(server: Server) -> None:
    async with await server.client() as ada:
        assert (await ada.reply("save", {"title": "bad"}))["code"] == "refused"
        assert (await ada.reply("say", {"text": "still"}))["data"]["text"] == "still"


async def test_a_saved_session_that_no_longer_fits_is_reported(
    server: Server, store: Store
) -> None:
    store.saved["old"] = '{"other": 1}'
    async with await server.socket() as ada:
        await ada.send({"session": "old"})
        error = await ada.receive()
        assert (error["state"], error["code"]) == ("error", "conflict")
        assert await ada.closed() == 4403

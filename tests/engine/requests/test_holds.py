"""A held field of the document lasts exactly as long as the request that holds it."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from duplex import BadState, Held, Model
from duplex.requests.documents import held_fields
from duplex_dev.testing.servers import Valkey

from tests.engine.chaos.workers import Workers
from tests.engine.holding import Board, Export, Lamp, holding
from tests.engine.states import Gates, Text
from tests.engine.support import PATIENCE, Client, Server, Store, make_engine, serving, setup

FREE = {"export": None}


def held(by: str, done: int = 0) -> dict[str, Any]:
    """The data of the frame that announces the export of `by`."""
    return {"export": {"by": by, "done": done}}


@pytest.fixture(params=["memory", "valkey"])
async def server(
    request: pytest.FixtureRequest, gates: Gates, store: Store
) -> AsyncGenerator[Server]:
    store.forget()
    settings = setup()
    if request.param == "valkey":
        settings.broker_url = request.getfixturevalue("shared_valkey").url
    engine = make_engine(holding(gates), settings, document=Board, store=store)
    async with serving(engine) as made:
        yield made


async def export_of(client: Client) -> object:
    """The document's current `export`."""
    return (await client.reply("look"))["data"]["export"]


async def test_a_hold_is_seen_by_all_and_ends_with_the_reply(server: Server, gates: Gates) -> None:
    async with (
        await server.client(session="reply") as ada,
        await server.client(session="reply") as bob,
    ):
        await ada.ask("export", {"text": "ada"}, id="e")
        assert (await bob.until("held"))["data"] == held("ada")
        assert await export_of(bob) == held("ada")["export"]
        async with await server.client(session="reply") as newcomer:
            assert newcomer.initialised["snapshot"]["export"] == held("ada")["export"]
        # Others edit meanwhile.
        edited = await bob.reply("note", {"text": "beside"})
        assert edited["data"] == {"lines": ["beside"], "lampNow": None, **held("ada")}
        gates.open["ada"].set()
        over, reply = await bob.until("held"), await bob.until("export")
        assert over["data"] == FREE
        assert reply["seq"] == over["seq"] + 1
        assert (await bob.reply("look"))["data"]["lines"] == ["beside", "ada"]
        assert await export_of(bob) is None


@pytest.mark.parametrize("how", ["fails", "cancel", "deadline", "leave", "no id"])
async def test_a_hold_ends_however_its_request_ends(server: Server, gates: Gates, how: str) -> None:
    session = f"holds-{how}".replace(" ", "-")
    ada = await server.client(session=session)
    async with await server.client(session=session) as bob:
        if how == "deadline":
            await ada.ask("quickExport", id="e")
        else:
            state = "exporting" if how == "leave" else "export"
            await ada.ask(state, {"text": how}, id=None if how == "no id" else "e")
        assert (await bob.until("held"))["data"]["export"] is not None
        if how == "cancel":
            await gates.entered[how].wait()
            await ada.send({"state": "cancel", "data": {"id": "e"}})
        elif how == "leave":
            await gates.entered[how].wait()
            await ada.send({"state": "leave"})
        else:
            gates.open[how].set()
        assert (await bob.until("held"))["data"] == FREE
        assert await export_of(bob) is None
    await ada.close()


async def test_the_hold_of_a_stream_survives_a_lost_connection_and_may_be_replaced(
    server: Server, gates: Gates
) -> None:
    ada = await server.client()
    await ada.ask("exporting", {"text": "ada"}, id="e")
    last = await ada.until("exporting")
    ada.lose()
    gates.open["ada"].set()
    await gates.entered["ada 2"].wait()
    async with await server.client(**ada.resume(last["seq"])) as again:
        assert again.initialised["snapshot"]["export"] == held("ada", 50)["export"]
        assert (await again.until("held"))["data"] == held("ada", 50)
        gates.open["ada 2"].set()
        assert (await again.until("held"))["data"] == FREE
        assert (await again.until("exporting"))["ended"] == "done"


async def test_a_field_is_held_once(server: Server, gates: Gates) -> None:
    async with (
        await server.client(session="once") as ada,
        await server.client(session="once") as bob,
    ):
        await ada.ask("exporting", {"text": "ada"}, id="e")
        await bob.until("held")
        error = await bob.reply("export", {"text": "bob"}, id="b")
        assert (error["code"], error["details"]["field"]) == ("conflict", "export")
        assert (await bob.reply("patient"))["data"] == {"text": "later"}
        gates.open["ada"].set()
        gates.open["ada 2"].set()
        while (await bob.until("held"))["data"] != FREE:
            pass
        assert (await bob.reply("patient"))["data"] == {"text": "now"}


async def test_a_hold_inside_an_edit_is_seen_in_it(server: Server) -> None:
    async with await server.client() as ada:
        reply = await ada.reply("light")
        assert reply["data"]["lampNow"] == {"colour": "red"}
        after = (await ada.reply("look"))["data"]
        assert after == {"lines": ["light"], "export": None, "lampNow": None}


async def test_two_holds_at_once_in_a_request_without_an_id_end_with_it(server: Server) -> None:
    async with await server.client() as ada:
        both = (await ada.reply("both", id=None))["data"]
        assert (both["export"], both["lampNow"]) == ({"by": "both", "done": 0}, {"colour": "red"})
        after = (await ada.reply("look"))["data"]
        assert (after["export"], after["lampNow"]) == (None, None)


async def test_a_hold_that_is_too_late_holds_nothing(server: Server, gates: Gates) -> None:
    async with await server.client() as ada:
        assert (await ada.reply("late", id=None))["data"] is None
        async with asyncio.timeout(PATIENCE):
            await gates.entered["late"].wait()
        assert await export_of(ada) is None
        assert (await ada.reply("patient"))["data"] == {"text": "now"}


async def test_held_values_are_not_saved(server: Server, store: Store, gates: Gates) -> None:
    async with await server.client(session="kept") as ada:
        await ada.ask("exporting", {"text": "ada"}, id="e")
        await ada.until("held")
        assert (await ada.reply("keep"))["data"] is None
        assert json.loads(store.saved["kept"])["export"] is None


async def test_an_edit_cannot_change_a_held_field(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("duplex").addHandler(caplog.handler)
    async with await server.client() as ada:
        assert (await ada.reply("cheat"))["code"] == "internal"
        assert "use `session.hold`" in caplog.text
        assert (await ada.reply("unknown"))["code"] == "internal"
        assert "Held[Said]" in caplog.text
        assert await export_of(ada) is None


async def test_a_held_field_is_seen_from_outside_a_handler(server: Server, gates: Gates) -> None:
    async with await server.client(session="outside") as ada:
        await ada.ask("exporting", {"text": "ada"}, id="e")
        await ada.until("held")
        live = server.engine.live
        assert (await live.read("outside")).export == Export(by="ada")
        async with live.edit("outside") as board:
            assert board.export == Export(by="ada")
            board.lines.append("from outside")
        assert (await live.read("outside")).lines == ["from outside"]
        with pytest.raises(ValueError, match="`lamp` is a held field"):
            async with live.edit("outside") as board:
                board.lamp = Lamp()


async def test_a_killed_worker_holds_nothing(tmp_path: Path, shared_valkey: Valkey) -> None:
    workers = Workers(tmp_path, "tests.engine.holding", broker_url=shared_valkey.url)
    try:
        await workers.fill(2)
        doomed, other = workers.all
        ada = await Client.connect(doomed.url, patience=PATIENCE)
        await ada.hello(session="killed")
        bob = await Client.connect(other.url, patience=PATIENCE)
        await bob.hello(session="killed")
        await ada.ask("export", {"text": "ada"}, id="e")
        assert (await bob.until("held"))["data"] == held("ada")
        await doomed.kill()
        assert (await bob.until("held"))["data"] == FREE
        assert await export_of(bob) is None
        await bob.close()
    finally:
        await workers.stop()


class NotAModel(Model):
    flag: Held[int] = None  # pyright: ignore[reportInvalidTypeForm]


class NoDefault(Model):
    one: Held[Text]


class Twice(Model):
    one: Held[Text] = None
    other: Held[Text] = None


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (NotAModel, "flag: a held value must be a Model"),
        (NoDefault, "one: a held field has the default None"),
        (Twice, "other: another field holds Text already"),
    ],
)
def test_a_document_with_a_wrong_held_field_is_refused(document: type[Model], why: str) -> None:
    with pytest.raises(BadState, match=why):
        held_fields(document)

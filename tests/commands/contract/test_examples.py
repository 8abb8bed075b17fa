"""The Python code of the documents in examples.py runs, on the document of the notes example.

tests/projects/test_examples.py compiles the page's side.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from duplex import Base, Database, Engine, Identity, Registry
from sqlalchemy import select

from tests.commands.contract.compiling import registry_of
from tests.commands.contract.examples import DOCS, TEXT, examples
from tests.engine.support import Client, Store, make_engine, serving
from tools.source import ROOT

NOTES = ROOT / "template" / "{% if notes %}backend{% endif %}" / "app" / "document.py"
"""The document that the text is about."""


@pytest.fixture(scope="module")
def modules() -> Iterator[dict[str, list[ModuleType]]]:
    """Every Python example as a module, by path: each sees those before it, as in the text."""
    made: dict[str, list[ModuleType]] = {}
    document = ("app.document", "app/document.py", NOTES.read_text(encoding="utf-8"))
    blocks = [(example.module, example.path, example.code) for example in examples("python")]
    known = set(Base.metadata.tables)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, path, code in [document, *blocks]:
            module = ModuleType(name)
            module.__file__ = str(ROOT / "template" / path)
            monkeypatch.setitem(sys.modules, name, module)
            exec(compile(code, path, "exec"), module.__dict__)
            made.setdefault(Path(path).stem, []).append(module)
        yield made
    for name in set(Base.metadata.tables) - known:
        Base.metadata.remove(Base.metadata.tables[name])


@pytest.fixture
def last(modules: dict[str, list[ModuleType]]) -> Registry:
    """All the states as the text leaves them."""
    return registry_of(*(made[-1] for made in modules.values()))


def engine_of(states: Registry, **options: Any) -> Engine:
    return make_engine(states, document=sys.modules["app.document"].Document, **options)


def test_every_code_block_names_its_file() -> None:
    blocks = re.findall(r"^```(?:python|ts)$", TEXT, re.MULTILINE)
    assert len(examples("python")) + len(examples("ts")) == len(blocks)


def test_the_step_by_step_text_adds_its_states_before_it_changes_them() -> None:
    text = (DOCS / "streams-and-events.md").read_text(encoding="utf-8")
    added: set[str] = set()
    for part in text.split("uv run poe add-state ")[1:]:
        added.update(part.splitlines()[0].split())
        watchers = {Path(one.path).stem for one in examples("ts", part) if "/states/" in one.path}
        assert watchers <= added
    assert added == {"rollDice", "diceRolled", "exportNotes"}


async def test_the_first_state_adds_to_the_shared_document(last: Registry) -> None:
    async with serving(engine_of(last)) as server, await server.client(session="s") as ada:
        reply = await ada.reply("startThings", {"text": "hello"})
        async with await server.client(session="s") as bob:
            assert bob.initialised["snapshot"]["entries"] == [reply["data"]["entry"]]


async def test_everybody_receives_the_entry_of_a_vote(
    modules: dict[str, list[ModuleType]], last: Registry, tmp_path: Path
) -> None:
    vote = modules["vote"][0].Vote
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/app.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(vote.__table__.create)
    engine = engine_of(last, transaction=database.transaction)
    async with (
        serving(engine) as server,
        await server.client(session="s") as ada,
        await server.client(session="s") as bob,
    ):
        reply = await ada.reply("castVote", {"choice": "tea"}, id="1")
        assert (await bob.until("castVote"))["data"] == reply["data"]
        async with await server.client(session="s") as carol:
            assert carol.initialised["snapshot"]["entries"] == [reply["data"]["entry"]]
    async with database.reading() as db:
        assert (await db.scalars(select(vote.choice))).all() == ["tea"]
    await database.dispose()


async def test_a_participant_alone_is_refused_with_a_sentence(
    modules: dict[str, list[ModuleType]],
) -> None:
    first = registry_of(modules["ring_bell"][0])
    async with serving(engine_of(first)) as server, await server.client(session="s") as ada:
        refused = await ada.reply("ringBell")
        assert (refused["code"], refused["error"]) == ("refused", "There is no other participant.")
        async with await server.client(session="s"):
            assert (await ada.reply("ringBell"))["data"] is None


async def test_a_handler_reads_a_setting(
    modules: dict[str, list[ModuleType]], last: Registry
) -> None:
    settings = modules["settings"][0].Settings.given(bell_minimum=3)
    async with (
        serving(engine_of(last, settings=settings)) as server,
        await server.client(session="s") as ada,
        await server.client(session="s"),
    ):
        assert "for 3 participants" in (await ada.reply("ringBell"))["error"]
        async with await server.client(session="s"):
            assert (await ada.reply("ringBell"))["data"] is None


async def test_the_state_with_fields_answers(modules: dict[str, list[ModuleType]]) -> None:
    first = registry_of(modules["roll_dice"][0])
    async with serving(engine_of(first)) as server, await server.client() as ada:
        assert 1 <= (await ada.reply("rollDice", {"sides": 2}))["data"]["points"] <= 2
        assert (await ada.reply("rollDice", {"sides": 1}))["code"] == "invalid_data"


async def test_the_stream_replies_many_times_and_sends_the_event_to_everybody(
    last: Registry,
) -> None:
    async with (
        serving(engine_of(last)) as server,
        await server.client(session="s") as ada,
        await server.client(session="s") as bob,
    ):
        points = await rolled(ada, times=2)
        assert len(points) == 2
        assert (await bob.until("diceRolled"))["data"] == {"total": sum(points)}
        assert (await ada.reply("diceRolled"))["code"] == "unknown_state"


async def rolled(ada: Client, times: int) -> list[int]:
    await ada.ask("rollDice", {"times": times}, id="1")
    points: list[int] = []
    while (reply := await ada.until("rollDice")).get("more"):
        points.append(reply["data"]["points"])
    return points


async def test_the_export_is_held_while_it_runs(last: Registry) -> None:
    async with (
        serving(engine_of(last)) as server,
        await server.client(session="s", name="Ada") as ada,
        await server.client(session="s") as bob,
    ):
        await ada.ask("exportNotes", id="1")
        seen = [(await bob.until("held"))["data"]["export"] for _ in range(5)]
        assert seen == [*({"by": "Ada", "percent": percent} for percent in (0, 25, 50, 75)), None]
        assert (await ada.until("exportNotes"))["data"] == {"entries": 0}


async def test_only_a_member_of_the_session_may_join(
    modules: dict[str, list[ModuleType]], tmp_path: Path
) -> None:
    sessions = modules["sessions"][0].Sessions()
    membership = modules["membership"][0].Membership
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/app.db")

    class Guarded(Store):
        async def may_join(self, identity: Identity, session: str) -> bool:
            return await sessions.may_join(identity, session, database)

    async with database.engine.begin() as connection:
        await connection.run_sync(membership.__table__.create)
    async with database.transaction() as db:
        db.add(membership(session="stand-up", user="ada"))
    async with serving(engine_of(registry_of(), store=Guarded())) as server:
        async with await server.client(token="ada", session="stand-up") as ada:
            assert ada.initialised["session"] == "stand-up"
        for stranger in ({"token": "ada", "session": "other"}, {"session": "stand-up"}):
            async with await server.socket() as other:
                await other.send(stranger)
                assert (await other.receive())["code"] == "forbidden"
    await database.dispose()

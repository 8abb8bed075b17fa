"""A session is saved, ends, and is opened again, over a real WebSocket."""

from typing import Any

import pytest

from app.document import Entry, Snapshot
from app.sessions import Store
from duplex import discover
from duplex.web.database import Database
from tests.conftest import Join


def stored(*texts: str) -> str:
    snapshot = Snapshot(entries=[Entry(state="a", text=text, by="Ada") for text in texts])
    return snapshot.model_dump_json()


def texts(initialised: dict[str, Any]) -> list[str]:
    return [entry["text"] for entry in initialised["snapshot"]["entries"]]


async def test_a_saved_session_is_opened_again(join: Join, database: Database) -> None:
    await Store(database).save("meeting", "Monday", None, stored("one", "two"))
    async with join(session="meeting") as ada:
        assert ada.initialised["session"] == "meeting"
        assert texts(ada.initialised) == ["one", "two"]


async def test_a_session_that_is_live_wins_over_the_saved_one(
    join: Join, database: Database
) -> None:
    async with join(session="meeting") as ada:
        assert texts(ada.initialised) == []
        await Store(database).save("meeting", "Monday", None, stored("one"))
        async with join(session="meeting") as bob:
            assert texts(bob.initialised) == []


async def test_another_session_starts_empty(join: Join, database: Database) -> None:
    await Store(database).save("meeting", "Monday", None, stored("one"))
    async with join(session="other") as ada, join() as bob:
        assert texts(ada.initialised) == texts(bob.initialised) == []


async def test_a_session_of_somebody_else_cannot_be_overwritten(
    join: Join, database: Database
) -> None:
    closing = [name for name, state in discover().items() if state.closes]
    if not closing:
        pytest.skip("no state of this project saves")
    document = stored("one")
    await Store(database).save("meeting", "Monday", "ada", document)
    async with join(session="meeting", token="bob") as bob:
        await bob.send(closing[0], {"title": "Mine now"})
        refused = await bob.receive("error")
        assert refused["code"] == "forbidden"
        assert "Somebody else saved this session" in refused["error"]
    assert await Store(database).load("meeting") == document

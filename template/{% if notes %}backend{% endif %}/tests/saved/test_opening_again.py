"""A saved session is opened again, over a real WebSocket."""

from typing import Any

from app.document import Document, Entry
from app.sessions import Sessions
from duplex import Database, Identity
from duplex_dev.testing import Join


async def store(db: Database, *texts: str) -> None:
    document = Document(entries=[Entry(state="a", text=text, by="Ada") for text in texts])
    await Sessions().save("meeting", "Monday", Identity(), document.model_dump_json(), db)


def texts(initialised: dict[str, Any]) -> list[str]:
    return [entry["text"] for entry in initialised["snapshot"]["entries"]]


async def test_a_saved_session_is_opened_again(join: Join, database: Database) -> None:
    await store(database, "one", "two")
    async with join(session="meeting") as ada:
        assert ada.initialised["session"] == "meeting"
        assert texts(ada.initialised) == ["one", "two"]


async def test_a_session_that_is_live_keeps_its_document(join: Join, database: Database) -> None:
    async with join(session="meeting") as ada:
        assert texts(ada.initialised) == []
        await store(database, "one")
        async with join(session="meeting", user="bob") as bob:
            assert texts(bob.initialised) == []


async def test_another_session_starts_empty(join: Join, database: Database) -> None:
    await store(database, "one")
    async with join(session="other") as ada, join() as bob:
        assert texts(ada.initialised) == texts(bob.initialised) == []

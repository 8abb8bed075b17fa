import pytest

from app.models.saved import SavedSession
from app.sessions import Store
from duplex import Refused
from duplex.web.database import Database
from tests.databases import on_every_database


@on_every_database
async def test_what_was_saved_is_loaded(database: Database) -> None:
    store = Store(database)
    assert await store.load("meeting") is None
    saved = await store.save("meeting", "Monday", None, '{"entries": []}')
    assert (saved.id, saved.title) == ("meeting", "Monday")
    assert await store.load("meeting") == '{"entries": []}'


@on_every_database
async def test_saving_again_keeps_the_title_unless_there_is_a_new_one(database: Database) -> None:
    store = Store(database)
    assert (await store.save("meeting", "  ", None, "1")).title == "meeting"
    assert (await store.save("meeting", "Monday", None, "2")).title == "Monday"
    assert (await store.save("meeting", "", None, "3")).title == "Monday"
    assert await store.load("meeting") == "3"


@on_every_database
async def test_a_title_is_kept_without_what_no_database_keeps(database: Database) -> None:
    store = Store(database)
    assert (await store.save("meeting", "Mon\0day\0", None, "1")).title == "Monday"
    assert (await store.save("meeting", "\0", None, "2")).title == "Monday"


async def test_only_the_owner_saves_again(database: Database) -> None:
    store = Store(database)
    await store.save("meeting", "Monday", "ada", "1")
    with pytest.raises(Refused, match="Somebody else saved this session"):
        await store.save("meeting", "Mine now", "bob", "2")
    with pytest.raises(Refused):
        await store.save("meeting", "Nobody's", None, "3")
    assert await store.load("meeting") == "1"


async def test_a_session_of_nobody_gets_an_owner(database: Database) -> None:
    store = Store(database)
    await store.save("meeting", "Monday", None, "1")
    await store.save("meeting", "", "ada", "2")
    async with database.reading() as db:
        assert (await db.get_one(SavedSession, "meeting")).owner == "ada"

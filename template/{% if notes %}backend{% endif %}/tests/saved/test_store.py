"""Documents are stored under their session's id, by those who may."""

import pytest

from app.models.saved import SavedSession
from app.sessions import Sessions
from duplex import Database, Identity, Refused, SavedRef
from duplex_dev.testing import on_every_database

ADA, BOB, NOBODY = Identity(user="ada"), Identity(user="bob"), Identity()


async def save(
    db: Database, title: str, document: str = "{}", identity: Identity = NOBODY
) -> SavedRef:
    return await Sessions().save("meeting", title, identity, document, db)


@on_every_database
async def test_a_saved_document_is_loaded(database: Database) -> None:
    assert await Sessions().load("meeting", database) is None
    saved = await save(database, "Monday", '{"entries": []}')
    assert (saved.id, saved.title) == ("meeting", "Monday")
    assert await Sessions().load("meeting", database) == '{"entries": []}'


@on_every_database
async def test_saving_again_keeps_the_title_unless_there_is_a_new_one(database: Database) -> None:
    assert (await save(database, "  ")).title == "meeting"
    assert (await save(database, "Monday")).title == "Monday"
    assert (await save(database, "", '{"entries": []}')).title == "Monday"
    assert await Sessions().load("meeting", database) == '{"entries": []}'


@on_every_database
async def test_a_title_is_stored_without_the_character_that_no_database_stores(
    database: Database,
) -> None:
    assert (await save(database, "Mon\0day\0")).title == "Monday"
    assert (await save(database, "\0")).title == "Monday"


async def test_only_the_owner_saves_again(database: Database) -> None:
    await save(database, "Monday", "1", ADA)
    with pytest.raises(Refused, match="Another user saved this session"):
        await save(database, "Mine now", "2", BOB)
    with pytest.raises(Refused):
        await save(database, "Nobody's", "3", NOBODY)
    assert await Sessions().load("meeting", database) == "1"


async def test_a_session_without_an_owner_belongs_to_the_next_user_who_saves(
    database: Database,
) -> None:
    await save(database, "Monday")
    await save(database, "", identity=ADA)
    async with database.reading() as db:
        assert (await db.get_one(SavedSession, "meeting")).owner == "ada"


async def test_a_saved_session_is_joined_by_its_owner_only(database: Database) -> None:
    async def may_join(identity: Identity, session: str = "meeting") -> bool:
        return await Sessions().may_join(identity, session, database)

    assert await may_join(ADA)
    assert await may_join(BOB)
    await save(database, "Nobody's")
    assert await may_join(BOB)
    await save(database, "Monday", identity=ADA)
    assert await may_join(ADA)
    assert not await may_join(BOB)
    assert not await may_join(NOBODY)
    assert await may_join(BOB, "another")

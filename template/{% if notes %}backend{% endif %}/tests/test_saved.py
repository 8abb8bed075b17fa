"""Saved sessions: who may store and join them, how they are opened again, and their list."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.document import Document, Entry
from app.models.saved import SavedSession
from app.routes.saved import get_owner
from app.sessions import Sessions
from duplex import Database, Identity, Refused, SavedRef
from duplex_dev.testing import Join, SignIn, on_every_database

ADA, BOB, NOBODY = Identity(user="ada"), Identity(user="bob"), Identity()


async def save(
    db: Database,
    title: str,
    document: str = "{}",
    identity: Identity = NOBODY,
    session: str = "meeting",
) -> SavedRef:
    return await Sessions().save(session, title, identity, document, db)


# --- storing and joining


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


# --- opening again


async def save_notes(db: Database, *texts: str) -> None:
    document = Document(entries=[Entry(state="a", text=text, by="Ada") for text in texts])
    await save(db, "Monday", document.model_dump_json())


def texts(initialised: dict[str, Any]) -> list[str]:
    return [entry["text"] for entry in initialised["snapshot"]["entries"]]


async def test_a_saved_session_is_opened_again(join: Join, database: Database) -> None:
    await save_notes(database, "one", "two")
    async with join(session="meeting") as ada:
        assert ada.initialised["session"] == "meeting"
        assert texts(ada.initialised) == ["one", "two"]


async def test_a_session_that_is_live_keeps_its_document(join: Join, database: Database) -> None:
    async with join(session="meeting") as ada:
        assert texts(ada.initialised) == []
        await save_notes(database, "one")
        async with join(session="meeting", user="bob") as bob:
            assert texts(bob.initialised) == []


async def test_another_session_starts_empty(join: Join, database: Database) -> None:
    await save_notes(database, "one")
    async with join(session="other") as ada, join() as bob:
        assert texts(ada.initialised) == texts(bob.initialised) == []


# --- the list, and what its owner can do with a session


async def listed(client: httpx.AsyncClient, query: str = "") -> tuple[list[str], int]:
    """The ids on one page, and how many there are on all."""
    answer = await client.get(f"/api/v1/sessions{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["sessions"]], answer.json()["total"]


class Owner:
    """The user who sends the requests; None as in projects without sign-in."""

    id: str | None = None


@pytest.fixture
def owner(app: FastAPI) -> Owner:
    asking = Owner()
    app.dependency_overrides[get_owner] = lambda: asking.id
    return asking


@pytest.mark.parametrize("who", [None, "ada"])
async def test_the_life_of_a_saved_session(
    who: str | None, client: httpx.AsyncClient, database: Database, owner: Owner
) -> None:
    owner.id = who
    assert await listed(client) == ([], 0)
    await save(database, "First", identity=Identity(user=who), session="first")
    await save(database, "Second", identity=Identity(user=who), session="second")

    assert await listed(client) == (["second", "first"], 2)
    (_, saved) = (await client.get("/api/v1/sessions")).json()["sessions"]
    assert set(saved) == {"id", "title", "created_at", "updated_at"}

    renamed = await client.patch("/api/v1/sessions/first", json={"title": "  Renamed "})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "Renamed")
    assert (await client.get("/api/v1/sessions/first")).json() == renamed.json()
    assert renamed.json()["updated_at"] == saved["updated_at"]
    assert await listed(client) == (["second", "first"], 2)

    gone = await client.delete("/api/v1/sessions/first")
    assert (gone.status_code, gone.content) == (204, b"")
    assert await listed(client) == (["second"], 1)
    assert await Sessions().load("first", database) is None


async def test_deleting_a_session_that_is_open_ends_it(
    server: str, sign_in: SignIn, join: Join, database: Database
) -> None:
    person = await sign_in("ada")
    headers = {"Authorization": f"Bearer {person.token}"} if person.token else {}
    async with join(session="meeting") as ada:
        await save(database, "Monday", identity=person.identity)
        async with httpx.AsyncClient(base_url=f"http://{server}", headers=headers) as client:
            gone = await client.delete("/api/v1/sessions/meeting")
        assert gone.status_code == 204
        assert (await ada.until("error"))["error"] == "This session was deleted."
        assert await ada.closed() == 1000


@on_every_database
async def test_a_long_list_is_read_in_pages(
    client: httpx.AsyncClient, database: Database, owner: Owner
) -> None:
    # All of one moment: only the ids tell what comes first.
    moment = datetime(2026, 1, 5, 10, tzinfo=UTC)
    async with database.transaction() as db:
        for number in range(53):
            about = {"title": "Monday", "document": "{}", "updated_at": moment}
            db.add(SavedSession(id=f"s{number:02}", owner=None, **about))
            db.add(SavedSession(id=f"other{number:02}", owner="ada", **about))
    ids = [f"s{number:02}" for number in range(53)]
    assert await listed(client) == (ids[:50], 53)
    assert await listed(client, "?offset=50") == (ids[50:], 53)
    assert await listed(client, "?limit=2&offset=1") == (ids[1:3], 53)
    assert await listed(client, f"?limit=200&offset={2**31 - 1}") == ([], 53)

    await client.delete("/api/v1/sessions/s01")
    assert await listed(client, "?limit=2&offset=1") == (ids[2:4], 52)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "offset=-1", "offset=x"])
async def test_an_invalid_page_of_the_list_is_refused(
    query: str, client: httpx.AsyncClient, owner: Owner
) -> None:
    answer = await client.get(f"/api/v1/sessions?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_data")


@pytest.mark.parametrize("other", ["bob", None])
async def test_the_sessions_of_others_do_not_exist(
    other: str | None, client: httpx.AsyncClient, database: Database, owner: Owner
) -> None:
    await save(database, "Hers", identity=ADA, session="hers")
    owner.id = other
    assert await listed(client) == ([], 0)
    answers = [
        await client.get("/api/v1/sessions/hers"),
        await client.patch("/api/v1/sessions/hers", json={"title": "His"}),
        await client.delete("/api/v1/sessions/hers"),
    ]
    missing = await client.get("/api/v1/sessions/nothing")
    for answer in answers:
        assert (answer.status_code, answer.json()) == (404, missing.json())
    owner.id = "ada"
    assert (await client.get("/api/v1/sessions/hers")).json()["title"] == "Hers"


@on_every_database
@pytest.mark.parametrize("session_id", ["nothing", "%00", "a%00b", "%27%20OR%201=1--", "x" * 3000])
async def test_an_invalid_id_is_not_found(
    session_id: str, client: httpx.AsyncClient, owner: Owner
) -> None:
    path = f"/api/v1/sessions/{session_id}"
    answers = [
        await client.get(path),
        await client.patch(path, json={"title": "Mine"}),
        await client.delete(path),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "a\0b", "a\x1bb", None, 7])
async def test_an_invalid_title_is_refused(
    title: object, client: httpx.AsyncClient, database: Database, owner: Owner
) -> None:
    await save(database, "First", session="first")
    answer = await client.patch("/api/v1/sessions/first", json={"title": title})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_data")
    assert answer.json()["details"][0]["field"] == "body.title"

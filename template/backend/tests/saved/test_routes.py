import httpx
import pytest
from fastapi import FastAPI

from app import features
from app.database import Database
from app.saved.store import Store
from tests.databases import on_every_database


class Owner:
    """Who asks; None as where nobody signs in."""

    id: str | None = None


@pytest.fixture
def owner(app: FastAPI) -> Owner:
    asking = Owner()
    app.dependency_overrides[features.owner] = lambda: asking.id
    return asking


@pytest.mark.parametrize("who", [None, "ada"])
async def test_the_life_of_a_saved_session(
    who: str | None, client: httpx.AsyncClient, database: Database, owner: Owner
) -> None:
    owner.id = who
    assert (await client.get("/api/v1/sessions")).json() == []
    await Store(database).save("first", "First", who, "{}")
    await Store(database).save("second", "Second", who, "{}")

    listed = (await client.get("/api/v1/sessions")).json()
    assert [item["id"] for item in listed] == ["second", "first"]
    assert set(listed[0]) == {"id", "title", "created_at", "updated_at"}

    renamed = await client.patch("/api/v1/sessions/first", json={"title": "  Renamed "})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "Renamed")
    assert (await client.get("/api/v1/sessions/first")).json() == renamed.json()

    gone = await client.delete("/api/v1/sessions/first")
    assert (gone.status_code, gone.content) == (204, b"")
    assert [item["id"] for item in (await client.get("/api/v1/sessions")).json()] == ["second"]
    assert await Store(database).load("first") is None


@pytest.mark.parametrize("other", ["bob", None])
async def test_the_sessions_of_others_do_not_exist(
    other: str | None, client: httpx.AsyncClient, database: Database, owner: Owner
) -> None:
    await Store(database).save("hers", "Hers", "ada", "{}")
    owner.id = other
    assert (await client.get("/api/v1/sessions")).json() == []
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
async def test_an_id_that_cannot_be_is_not_found(
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
async def test_a_title_has_to_be_one(
    title: object, client: httpx.AsyncClient, database: Database, owner: Owner
) -> None:
    await Store(database).save("first", "First", None, "{}")
    answer = await client.patch("/api/v1/sessions/first", json={"title": title})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_data")
    assert answer.json()["details"][0]["field"] == "body.title"

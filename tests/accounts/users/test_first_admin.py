"""The first admin, from the settings."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from app.settings import Settings
from duplex import Application
from duplex.accounts.methods.password.hashing import verify_password
from duplex.accounts.tables.credentials import Password
from duplex.accounts.tables.records import AuditEvent
from duplex.web.database import Database
from duplex.web.errors import CannotStart
from sqlalchemy import select

from tests.accounts.people import User

FIRST = "the first password"
Start = Callable[..., Any]


@pytest.fixture
def start(application: Application, database_url: str) -> Start:
    """Start the application with these settings."""

    @asynccontextmanager
    async def started(**settings: object) -> AsyncGenerator[None]:
        made = Settings.given(database_url=database_url, session_drain=0, **settings)
        app = application.create(made)
        async with app.router.lifespan_context(app):
            yield

    return started


async def users(database: Database) -> list[User]:
    async with database.reading() as db:
        return list(await db.scalars(select(User)))


async def test_the_first_admin_is_created_once(start: Start, database: Database) -> None:
    for password in (FIRST, "another long password"):
        async with start(first_admin_email="Boss@Example.org", first_admin_password=password):
            pass
    (admin,) = await users(database)
    assert (admin.email, admin.is_admin) == ("boss@example.org", True)
    async with database.reading() as db:
        stored = await db.get_one(Password, admin.id)
        (entry,) = await db.scalars(select(AuditEvent))
    assert await verify_password(stored.hash, FIRST)
    assert (entry.action, entry.subject, entry.actor) == (
        "first_admin_created",
        "boss@example.org",
        "",
    )


async def test_a_first_admin_whose_address_changed_is_not_created_again(
    start: Start, database: Database
) -> None:
    settings = {"first_admin_email": "boss@example.org", "first_admin_password": FIRST}
    async with start(**settings):
        pass
    async with database.transaction() as db:
        (admin,) = await db.scalars(select(User))
        admin.email = "new@example.org"
    async with start(**settings):
        pass
    assert [one.email for one in await users(database)] == ["new@example.org"]


async def test_without_a_password_the_first_admin_signs_in_by_mail(
    start: Start, database: Database
) -> None:
    async with start(first_admin_email="boss@example.org"):
        pass
    (admin,) = await users(database)
    assert admin.email_verified_at is not None
    async with database.reading() as db:
        assert await db.get(Password, admin.id) is None


async def test_no_admin_is_created_without_the_settings(start: Start, database: Database) -> None:
    async with start():
        pass
    assert await users(database) == []


async def test_an_invalid_address_stops_the_start(start: Start, database: Database) -> None:
    with pytest.raises(CannotStart, match="FIRST_ADMIN_EMAIL"):
        async with start(first_admin_email="a@b..c", first_admin_password=FIRST):
            pass
    assert await users(database) == []

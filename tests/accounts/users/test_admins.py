"""The server's command line: `python -m app create-admin` and `adopt`."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from app.settings import Settings
from duplex import Application, server
from duplex.accounts.commands import CommandError, checked, create_admin, give_owner, make_admin
from duplex.accounts.services import Services
from duplex.accounts.tables.records import AuditEvent
from duplex.web.database import Database
from duplex.web.migrate import migrate_alone
from duplex_dev.testing import on_every_database
from fastapi import FastAPI
from sqlalchemy import Column, MetaData, String, Table, insert, select

from tests.accounts.conftest import NewDevice
from tests.accounts.people import PASSWORD, Device


@pytest.fixture
def services(app: FastAPI) -> Services:
    return app.state.lifespan["accounts"]


async def test_a_new_admin_signs_in_with_the_link(
    services: Services, new_device: NewDevice, database: Database
) -> None:
    made = await make_admin(services, "boss@example.org", "Boss")
    assert made.path is not None
    assert made.path.startswith("/invitation#token=")
    boss = new_device("boss@example.org")
    token = made.path.partition("#token=")[2]
    assert (await boss.post("invitation/accept", {"token": token})).status_code == 200
    assert (await boss.post("password/change", {"new_password": PASSWORD})).status_code == 200
    assert (await boss.ask("GET", "users")).status_code == 200
    async with database.reading() as db:
        (entry,) = await db.scalars(select(AuditEvent))
    assert (entry.action, entry.actor_id, entry.subject) == ("created", None, "boss@example.org")


async def test_an_existing_account_becomes_an_admin(services: Services, ada: Device) -> None:
    made = await make_admin(services, ada.email, "Somebody")
    assert made.path is None
    profile = (await ada.ask("GET", "users/me")).json()
    assert (profile["name"], profile["is_admin"]) == ("Ada", True)


def test_the_arguments_are_checked() -> None:
    assert checked(" Boss@Example.org", " Boss ") == ("boss@example.org", "Boss")
    with pytest.raises(CommandError, match="'boss' is not an e-mail address"):
        checked("boss", "Boss")
    with pytest.raises(CommandError, match="'' cannot be a name"):
        checked("boss@example.org", "")


@on_every_database
async def test_rows_without_an_owner_get_one(ada: Device, database: Database) -> None:
    """Otherwise nobody could reach rows that were saved before a project had accounts."""
    metadata = MetaData()
    key = Column("id", String(10), primary_key=True)
    boards = Table("boards", metadata, key, Column("owner", String(36)))
    owned = Table(
        "owned",
        metadata,
        Column("id", String(10), primary_key=True),
        Column("owner", String(36), nullable=False),
    )
    async with database.transaction() as db:
        await (await db.connection()).run_sync(metadata.create_all)
        await db.execute(insert(boards), [{"id": "free", "owner": None}, {"id": "b", "owner": "x"}])
    tables = [boards, owned]
    with pytest.raises(CommandError, match="No account has the address"):
        await give_owner(database, "nobody@example.org", tables)
    assert await give_owner(database, ada.email, tables) == {"boards": 1}
    profile = (await ada.ask("GET", "users/me")).json()
    async with database.reading() as db:
        rows = (await db.execute(select(boards.c.id, boards.c.owner))).all()
    assert {row.id: row.owner for row in rows} == {"free": profile["id"], "b": "x"}


def migrated(tmp_path: Path, **values: str) -> Settings:
    """Settings with a database that has its tables."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'app.db'}"
    settings = Settings.given(database_url=url, **values)
    asyncio.run(migrate_alone(Database.of(settings), settings.root))
    return settings


def test_the_link_of_a_new_admin_leads_to_the_address_that_users_open(
    application: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = migrated(tmp_path, public_url="https://app.example.org")
    create_admin(["boss@example.org"], lambda: (application, settings))
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("https://app.example.org/invitation#token=")
    at_home = migrated(tmp_path, port="8080")
    create_admin(["other@example.org"], lambda: (application, at_home))
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("http://localhost:8080/invitation#token=")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["create-admin", "boss"], "'boss' is not an e-mail address"),
        (["create-admin", "boss@example.org"], "This application has no accounts"),
        (["adopt", "boss@example.org"], "No account has the address boss@example.org"),
        (["adpot", "boss@example.org"], "unknown arguments: adpot boss@example.org"),
    ],
)
def test_the_server_has_the_commands_and_explains_what_it_cannot_do(
    arguments: Sequence[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = migrated(tmp_path)
    monkeypatch.setattr(sys, "argv", ["app", *arguments])
    with pytest.raises(SystemExit, match=line):
        server.main("app.main:create_app", settings)


def test_a_database_without_tables_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Settings.given(database_url=f"sqlite+aiosqlite:///{tmp_path / 'none.db'}")
    monkeypatch.setattr(sys, "argv", ["app", "adopt", "ada@example.org"])
    with pytest.raises(SystemExit, match="python -m app migrate"):
        server.main("app.main:create_app", empty)


def test_the_database_is_opened_as_the_server_does(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a pooler no statement may be prepared."""
    opened: list[dict[str, Any]] = []

    def refuse(*_: object, **options: Any) -> None:
        opened.append(options["connect_args"])
        raise CommandError

    monkeypatch.setattr("duplex.web.database.create_async_engine", refuse)
    url = "postgresql+psycopg://app@127.0.0.1/app"
    settings = Settings.given(database_url=url, database_pooler=True)
    with pytest.raises(CommandError):
        create_admin(["boss@example.org"], lambda: (application, settings))
    assert opened == [{"prepare_threshold": None}]

"""Making an admin from the command line: `poe create-admin`."""

import pytest
from duplex.accounts.admins import make_admin
from duplex.accounts.services import Services
from duplex.accounts.tables.records import AuditEvent
from duplex.web.database import Database
from duplex_dev.commands.create_admin import checked, give_owner
from duplex_dev.console import TaskError
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
    with pytest.raises(TaskError, match="'boss' is not an e-mail address"):
        checked("boss", "Boss")
    with pytest.raises(TaskError, match="'' cannot be a name"):
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
    with pytest.raises(TaskError, match="No account has the address"):
        await give_owner(database, "nobody@example.org", tables)
    assert await give_owner(database, ada.email, tables) == {"boards": 1}
    profile = (await ada.ask("GET", "users/me")).json()
    async with database.reading() as db:
        rows = (await db.execute(select(boards.c.id, boards.c.owner))).all()
    assert {row.id: row.owner for row in rows} == {"free": profile["id"], "b": "x"}

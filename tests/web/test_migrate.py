import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from app import features
from app.main import create_app
from duplex.settings.base import GivenSettings
from duplex.web.database import Base, Database
from duplex.web.migrate import NotMigratedError, config, migrate, must_answer, require_current
from sqlalchemy import Connection, inspect

from tests.databases import on_every_database


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


@on_every_database
async def test_migrations_make_the_tables_of_the_models(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        expected = {table.__tablename__ for table in features.TABLES} | {"alembic_version"}
        assert await connection.run_sync(tables) == expected


@on_every_database
async def test_migrations_can_be_taken_back(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), "base"))
        assert await connection.run_sync(tables) == {"alembic_version"}
    await migrate(database)
    await require_current(database)


async def test_several_processes_may_migrate_at_once(tmp_path: Path) -> None:
    databases = [Database(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}") for _ in range(3)]
    await asyncio.gather(*(migrate(database) for database in databases))
    for database in databases:
        await require_current(database)
        await database.dispose()


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://ada:topsecret@127.0.0.1:1/db", "sqlite+aiosqlite:///{folder}"],
)
async def test_a_database_that_does_not_answer_is_told_in_one_line(
    url: str, tmp_path: Path
) -> None:
    database = Database(url.format(folder=tmp_path))
    with pytest.raises(SystemExit, match="DATABASE_URL: the database does not answer: ") as ended:
        await must_answer(database)
    assert "\n" not in str(ended.value)
    assert "topsecret" not in str(ended.value)
    await database.dispose()


async def test_the_app_does_not_start_on_a_database_without_tables(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    app = create_app(GivenSettings.model_validate({"database_url": url}))
    with pytest.raises(NotMigratedError, match="uv run poe serve"):
        async with app.router.lifespan_context(app):
            pass


async def test_the_app_starts_on_a_schema_newer_than_itself(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'future'")
    await require_current(database)

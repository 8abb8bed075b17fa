"""The same promises on every database."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from app.models.notebooks import Notebook
from app.settings import Settings
from duplex.web.database import Database, now
from duplex.web.migrate import migrate
from duplex_dev.testing import on_every_database
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

OTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("CREATE TABLE other (id)")
connection.close()
"""


def notebook(name: str) -> Notebook:
    return Notebook(id=name, title=name, document="{}")


@on_every_database
async def test_a_transaction_is_kept_when_the_block_ends(database: Database) -> None:
    async with database.transaction() as db:
        db.add(notebook("kept"))
    async with database.reading() as db:
        assert await db.get(Notebook, "kept") is not None


@on_every_database
async def test_a_transaction_is_undone_when_the_block_raises(database: Database) -> None:
    async def stop_halfway() -> None:
        async with database.transaction() as db:
            db.add(notebook("undone"))
            await db.flush()
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await stop_halfway()
    async with database.reading() as db:
        assert await db.get(Notebook, "undone") is None


@on_every_database
async def test_moments_are_read_as_aware_utc_datetimes(database: Database) -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    async with database.transaction() as db:
        row = notebook("dated")
        row.created_at = noon
        db.add(row)
    async with database.reading() as db:
        found = await db.get_one(Notebook, "dated")
        assert found.created_at == noon
        assert found.created_at.tzinfo is UTC


async def test_a_naive_datetime_is_refused(database: Database) -> None:
    row = notebook("naive")
    row.created_at = now().replace(tzinfo=None)
    with pytest.raises(StatementError, match="without a time zone"):
        async with database.transaction() as db:
            db.add(row)


@on_every_database
async def test_writers_wait_for_each_other(database: Database) -> None:
    async with database.transaction() as db:
        db.add(notebook("counted"))

    async def count() -> None:
        async with database.transaction() as db:
            row = await db.get_one(Notebook, "counted", with_for_update=True)
            row.document += "x"

    await asyncio.gather(*(count() for _ in range(20)))
    async with database.reading() as db:
        assert (await db.get_one(Notebook, "counted")).document == "{}" + "x" * 20


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.transaction() as writing:
        writing.add(notebook("unseen"))
        await writing.flush()
        async with database.reading() as db:
            assert await db.get(Notebook, "unseen") is None


async def test_sqlite_has_wal_and_foreign_keys(database: Database) -> None:
    async with database.reading() as db:
        assert await db.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await db.scalar(text("PRAGMA foreign_keys")) == 1
        assert await db.scalar(text("PRAGMA busy_timeout")) == 10_000


async def test_the_data_folder_is_made(tmp_path: Path) -> None:
    file = tmp_path / "data" / "deeper" / "app.db"
    database = Database(f"sqlite+aiosqlite:///{file}")
    assert not file.parent.exists()
    await migrate(database, Settings.root)
    await database.dispose()
    assert file.is_file()


async def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    """Whatever the umask is: they hold sessions, accounts and addresses."""
    umask = os.umask(0)
    try:
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/data/app.db")
        await migrate(database, Settings.root)
        async with database.transaction() as db:
            db.add(notebook("private"))
            await db.flush()
            files = sorted((tmp_path / "data").iterdir())
            assert [file.name for file in files] == ["app.db", "app.db-shm", "app.db-wal"]
            assert [stat.filemode(file.stat().st_mode) for file in files] == ["-rw-------"] * 3
        await database.dispose()
    finally:
        os.umask(umask)


async def test_another_process_may_use_the_file_meanwhile(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/app.db")
    # Two connections, the second of which must not release the locks of the first.
    async with database.transaction() as one:
        await one.execute(text("CREATE TABLE first (id)"))
        async with database.reading() as two:
            await two.execute(text("SELECT * FROM sqlite_master"))
    subprocess.run([sys.executable, "-c", OTHER_PROCESS, tmp_path / "app.db"], check=True)
    assert (tmp_path / "app.db-wal").exists()
    async with database.transaction() as tx:
        await tx.execute(text("INSERT INTO other VALUES (1)"))
    await database.engine.dispose()


async def test_opening_waits_for_the_conversion_of_the_file(tmp_path: Path) -> None:
    """SQLite's own timeout does not apply to it."""
    file = tmp_path / "app.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE t (x)")
    database = Database(f"sqlite+aiosqlite:///{file}")
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(database.check())
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    other.rollback()
    await waiting
    other.close()
    await database.dispose()


@on_every_database
async def test_errors_carry_no_values(database: Database) -> None:
    """Logs are read by more people than the database is."""

    # Not as one word, because a traceback shows lines of this file.
    value = "-".join(("secret", "value"))

    async def insert_again() -> None:
        async with database.transaction() as db:
            db.add(notebook(value))
            await db.flush()
            copy = text("INSERT INTO notebooks SELECT * FROM notebooks WHERE id = :id")
            await db.execute(copy, {"id": value})

    with pytest.raises(IntegrityError) as raised:
        await insert_again()
    told = "".join(traceback.format_exception(raised.value))
    assert value not in told
    assert "notebooks" in told


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kind", ["integer", "timestamp", "uuid", "json"])
async def test_errors_about_a_value_of_the_wrong_type_do_not_carry_it(
    database: Database, kind: str
) -> None:
    value = '"'.join(("secret", "value", ""))
    with pytest.raises(DBAPIError) as raised:
        async with database.reading() as db:
            await db.execute(text(f"SELECT CAST(CAST(:value AS text) AS {kind})"), {"value": value})
    told = "".join(traceback.format_exception(raised.value))
    assert "secret" not in told.replace('("secret", "value", "")', "")
    assert f"invalid input syntax for type {kind}" in told


@on_every_database
@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE notebooks DROP COLUMN document",
        "DROP TABLE notebooks",
    ],
)
@pytest.mark.parametrize("use", ["read", "write"])
async def test_an_error_because_of_a_missing_migration_says_how_to_make_one(
    database: Database, change: str, use: str
) -> None:
    async with database.transaction() as db:
        await db.execute(text(change))

    async def read() -> None:
        async with database.reading() as db:
            await db.get(Notebook, "any")

    async def write() -> None:
        async with database.transaction() as db:
            db.add(notebook("any"))

    with pytest.raises(DBAPIError) as raised:
        await (read() if use == "read" else write())
    told = "".join(traceback.format_exception(raised.value))
    assert told.splitlines()[-1].startswith("The models and the database differ: ")
    assert "`uv run poe migration" in told


@on_every_database
async def test_other_errors_do_not_mention_migrations(database: Database) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with database.reading() as db:
            await db.execute(text("SELECT no_such_function(1)"))
    assert not hasattr(raised.value, "__notes__")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("pooler", "prepared"), [(False, True), (True, False)])
async def test_behind_a_pooler_no_statement_is_prepared(
    database_url: str, pooler: bool, prepared: bool
) -> None:
    """The next transaction may have another connection, which does not know the statement, or knows
    another one of that name.
    """
    database = Database(database_url, pooler=pooler)
    async with database.reading() as db:
        for number in range(10):
            await db.execute(text("SELECT CAST(:number AS integer)"), {"number": number})
        count = await db.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
    await database.dispose()
    assert (count > 0) is prepared

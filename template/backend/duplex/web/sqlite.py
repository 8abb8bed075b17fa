"""SQLite as the application uses it: a write-ahead log, and files for their owner alone."""

import asyncio
import os
import random
import sqlite3
from pathlib import Path
from typing import Any, Final

import aiosqlite
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

DRIVER: Final = "sqlite+aiosqlite"

BUSY_TIMEOUT: Final = 10.0
"""Seconds that SQLite waits for another writer."""


def prepare(engine: AsyncEngine) -> None:
    """Set up every connection of an engine for a SQLite file."""

    def create_file(*_: Any) -> None:
        _create(str(engine.url.database))

    def set_up(connection: AsyncAdapt_aiosqlite_connection, record: object) -> None:
        # SQLAlchemy begins transactions itself (below); the driver must not do so on its own.
        connection.isolation_level = None
        connection.run_async(_set_up)

    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(options.get("begin", "BEGIN IMMEDIATE"))

    event.listen(engine.sync_engine, "do_connect", create_file)
    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin)


def _create(database: str) -> None:
    """Create the file and its folder. SQLite gives its log files the mode of the database."""
    if database.startswith((":", "file:")):
        return
    path = Path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT, 0o600))


async def _set_up(connection: aiosqlite.Connection) -> None:
    await connection.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT * 1000)}")
    await _use_wal(connection)
    await connection.execute("PRAGMA synchronous = NORMAL")
    await connection.execute("PRAGMA foreign_keys = ON")


async def _use_wal(connection: aiosqlite.Connection) -> None:
    """Convert the file unless it has been converted.

    SQLite calls no busy handler for the conversion: while another process uses the file it fails at
    once, so it is retried here.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + BUSY_TIMEOUT
    while await _journal_mode(connection, "") == "delete":
        try:
            await _journal_mode(connection, " = WAL")
        except sqlite3.OperationalError:
            if loop.time() >= end:
                raise
            await asyncio.sleep(random.uniform(0.005, 0.05))


async def _journal_mode(connection: aiosqlite.Connection, change: str) -> str:
    async with connection.execute(f"PRAGMA journal_mode{change}") as cursor:
        row = await cursor.fetchone()
    return str(row[0]) if row is not None else ""

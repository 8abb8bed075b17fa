"""The database: one engine for a process, one transaction for a message or a request.

SQLite has a write-ahead log, and files that only their owner can read.
"""

import asyncio
import os
import random
import re
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import aiosqlite
from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event, inspect, text
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.engine import Connection, ExceptionContext, make_url
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from duplex.settings import Settings

DRIVER: Final = "sqlite+aiosqlite"

BUSY_TIMEOUT: Final = 10.0
"""Seconds that SQLite waits for another writer."""


def prepare_sqlite(engine: AsyncEngine) -> None:
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
    # An existing file must not be opened: closing it would release the locks of all connections of
    # this process, and another process would delete the log that they use.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


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


class Base(DeclarativeBase):
    """The base of all tables; constraints have the same names on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC, also where the database keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes, which are ambiguous."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Database:
    """The engine behind `DATABASE_URL`; nothing is opened before the first query."""

    engine: AsyncEngine

    def __init__(self, url: str, *, pooler: bool = False) -> None:
        """`pooler`: PostgreSQL is behind a pooler that gives each transaction another connection,
        so a prepared statement cannot be used again.
        """
        parsed = make_url(url)
        is_sqlite = parsed.drivername == DRIVER
        self.engine = create_async_engine(
            parsed,
            pool_pre_ping=not is_sqlite,
            # Values are personal data, and errors are logged.
            hide_parameters=True,
            connect_args={"prepare_threshold": None} if pooler and not is_sqlite else {},
        )
        event.listen(self.engine.sync_engine, "handle_error", _hide_values)
        event.listen(self.engine.sync_engine, "handle_error", _explain)
        if is_sqlite:
            prepare_sqlite(self.engine)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The database that the settings name."""
        return cls(settings.database_url, pooler=settings.database_pooler)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """Commit when the block ends, roll back when it raises.

        SQLite takes its one write lock at the first query, so that two writers wait for each
        other instead of failing halfway.
        """
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """A transaction that only reads and waits for no writer."""
        engine = self.engine.execution_options(begin="BEGIN")
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def check(self) -> None:
        """Run a query to check the connection; raises if the database does not answer."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))


NO_ANSWER: Final = "DATABASE_URL: the database does not answer"


async def must_answer(database: Database) -> None:
    """End the process, with the driver's reason in one line, when no connection can be made."""
    try:
        async with database.engine.connect():
            pass
    except OperationalError as error:
        raise SystemExit(no_answer(error)) from None


def no_answer(error: OperationalError) -> str:
    """The line for a database to which no connection can be made, with the driver's reason."""
    return f"{NO_ANSWER}: {' '.join(str(error.orig).split())}"


def missing(connection: Connection) -> list[str]:
    """The tables and columns that models declare and the database does not have."""
    inspector = inspect(connection)
    found: list[str] = []
    for schema in {table.schema for table in Base.metadata.tables.values()}:
        declared = [table for table in Base.metadata.tables.values() if table.schema == schema]
        # Other tables may be of a kind that cannot be read here.
        known = inspector.get_multi_columns(
            schema, filter_names=[table.name for table in declared], kind=ObjectKind.ANY
        )
        for table in declared:
            if (schema, table.name) not in known:
                found.append(table.fullname)
                continue
            names = {column["name"] for column in known[schema, table.name]}
            found += [
                f"{table.fullname}.{one.name}"
                for one in table.columns
                if one.name not in names and not one.system
            ]
    return sorted(found)


ADD_MIGRATION: Final = 'run `uv run poe migration "what changes"`, then start again.'
"""The advice for models that the database differs from."""

_NOT_IN_SQLITE: Final = re.compile(r"no such (table|column)|has no column named")
_NOT_IN_POSTGRESQL: Final = ("42P01", "42703")
"""The SQLSTATE of an undefined table and of an undefined column."""


def _explain(context: ExceptionContext) -> None:
    """Add to the error of a missing table or column how a migration is made."""
    original, error = context.original_exception, context.sqlalchemy_exception
    undefined = getattr(original, "sqlstate", None) in _NOT_IN_POSTGRESQL
    if error is not None and (undefined or _NOT_IN_SQLITE.search(str(original))):
        error.add_note(f"The models and the database differ: {ADD_MIGRATION}")


_DATA_EXCEPTION: Final = "22"
"""The class of the SQLSTATE of errors about a value."""
_QUOTED: Final = re.compile('".*"', re.DOTALL)


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL repeats values of the failed row in the details of some errors, and a value that
    does not fit its type in the sentence itself: leave them out.
    """
    original, error = context.original_exception, context.sqlalchemy_exception
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    if primary is None or error is None:
        return
    if str(getattr(original, "sqlstate", None)).startswith(_DATA_EXCEPTION):
        primary = _QUOTED.sub('"…"', primary)
    full = str(original)
    original.args = (primary, *original.args[1:])
    error.args = tuple(
        part.replace(full, primary) if isinstance(part, str) else part for part in error.args
    )

"""The database: one engine for a process, one transaction for a message or a request."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

_BUSY_TIMEOUT = 10_000
"""Milliseconds that SQLite waits for another writer."""


class Base(DeclarativeBase):
    """What every table inherits; constraints get the same names on every database."""

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
        """Refuse naive datetimes: nobody could tell what they mean."""
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

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.engine = create_async_engine(parsed, pool_pre_ping=parsed.drivername != _SQLITE)
        if parsed.drivername == _SQLITE:
            _prepare_sqlite(self.engine)

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
        """Ask the database for an answer; raises when there is none."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))


_SQLITE = "sqlite+aiosqlite"


def _prepare_sqlite(engine: AsyncEngine) -> None:
    def make_folder(*given: Any) -> None:
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)

    def set_up(connection: DBAPIConnection, record: object) -> None:
        # SQLAlchemy begins transactions itself (below); the driver must not do so on its own.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {_BUSY_TIMEOUT}",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(options.get("begin", "BEGIN IMMEDIATE"))

    event.listen(engine.sync_engine, "do_connect", make_folder)
    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin)

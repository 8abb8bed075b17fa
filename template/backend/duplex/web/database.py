"""The database: one engine for a process, one transaction for a message or a request."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from duplex.settings.base import Settings
from duplex.web import sqlite


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
        is_sqlite = parsed.drivername == sqlite.DRIVER
        self.engine = create_async_engine(
            parsed,
            pool_pre_ping=not is_sqlite,
            # Values are personal data, and errors are logged.
            hide_parameters=True,
            connect_args={"prepare_threshold": None} if pooler and not is_sqlite else {},
        )
        event.listen(self.engine.sync_engine, "handle_error", _hide_values)
        if is_sqlite:
            sqlite.prepare(self.engine)

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


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL repeats values of the failed row in the details of some errors: leave them out."""
    original, error = context.original_exception, context.sqlalchemy_exception
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    if primary is None or error is None:
        return
    full = str(original)
    original.args = (primary, *original.args[1:])
    error.args = tuple(
        part.replace(full, primary) if isinstance(part, str) else part for part in error.args
    )

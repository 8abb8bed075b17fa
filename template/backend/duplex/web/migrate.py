"""Database migrations: the engine's tables and the team's, each with a history of its own.

The two histories are two Alembic environments with a version table each. A release of Duplex can
add a migration, and a team can add one, without two heads and without a merge. The engine's are
applied first, so a table of the team's may refer to one of the engine's. Each history has an
`env.py` that calls `run_migrations` or `run_engine_migrations`; new migrations are made from the
models.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from alembic import command, context
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, ForeignKeyConstraint, TypeDecorator, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from duplex.settings import Settings
from duplex.web.database import (
    ADD_MIGRATION,
    NO_ANSWER,
    Base,
    Database,
    missing,
    must_answer,
    no_answer,
)
from duplex.web.errors import CannotStart

logger = logging.getLogger(__name__)

_LOCK = 4_108_877
"""Key of the PostgreSQL advisory lock; any number that never changes."""

_PATIENCE = 20.0
"""Seconds in which the database must answer when the server starts."""

_OTHERS = 300.0
"""Seconds in which other processes must have migrated a SQLite file."""

_NEWER = "The database is newer than this code (revision %s): it is left as it is."

_LACKING = f"The database has no %s, which models declare: {ADD_MIGRATION}"

ACCOUNT_TABLES = frozenset(
    {
        "attempts",
        "audit_events",
        "challenges",
        "known_browsers",
        "mails",
        "passkeys",
        "passwords",
        "recovery_codes",
        "refresh_tokens",
        "sign_in_events",
        "sign_ins",
        "totp_secrets",
        "users",
    }
)
"""The tables of sign-in, also where its modules are not installed."""

_FILE_NAME = "%(year)d_%(month).2d_%(day).2d_%(rev)s_%(slug)s"


class NotMigratedError(CannotStart):
    """The tables are not those that this code expects."""


@dataclass(frozen=True, slots=True)
class History:
    """One series of migrations: its folder, and the table that holds the applied revision."""

    folder: Path
    version_table: str

    def config(self, connection: Connection | None = None) -> Config:
        """Alembic's configuration; `connection`: where the migrations run."""
        made = Config(attributes={"connection": connection})
        made.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        made.set_main_option("path_separator", "os")
        made.set_main_option("file_template", _FILE_NAME.replace("%", "%%"))
        return made

    def script(self) -> ScriptDirectory:
        """The migrations in the folder."""
        return ScriptDirectory.from_config(self.config())

    def heads(self) -> set[str]:
        """The newest revision; empty if there is no migration yet."""
        return set(self.script().get_heads())

    def applied(self, connection: Connection) -> set[str]:
        """The revision that the database is at; empty for a new database."""
        options = {"version_table": self.version_table}
        return set(MigrationContext.configure(connection, opts=options).get_current_heads())

    def unknown(self, connection: Connection) -> set[str]:
        """The applied revision, if no migration in the folder has its name."""
        known = {revision.revision for revision in self.script().walk_revisions()}
        return self.applied(connection) - known


ENGINE = History(Path(__file__).parents[1] / "migrations", "duplex_version")
"""The engine's tables: accounts. A project without sign-in has no such folder."""


def team_history(root: Path) -> History:
    """The team's tables, of the project in `root`."""
    return History(root / "backend" / "migrations", "alembic_version")


def histories(root: Path) -> list[History]:
    """The histories of a project, in the order in which they are applied."""
    return [*([ENGINE] if ENGINE.folder.is_dir() else []), team_history(root)]


async def migrate(database: Database, root: Path) -> None:
    """Apply every migration that is missing, all or none; safe to run from several processes.

    If the database is newer than the code (after a rollback), its history is not changed.
    """

    def upgrade(connection: Connection) -> None:
        for history in histories(root):
            if unknown := history.unknown(connection):
                logger.warning(_NEWER, ", ".join(sorted(unknown)))
            else:
                command.upgrade(history.config(connection), "heads")

    async with AsyncExitStack() as stack:
        connection = await _begin(database, stack)
        if connection.dialect.name == "postgresql":
            # SQLite's transaction is a lock already. This one ends with the transaction.
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(upgrade)


async def _begin(database: Database, stack: AsyncExitStack) -> AsyncConnection:
    """Begin the transaction. On SQLite the migrations of other processes can take longer than a
    writer waits.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + _OTHERS
    while True:
        try:
            return await stack.enter_async_context(database.engine.begin())
        except OperationalError as error:
            busy = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_BUSY"
            if not busy or loop.time() >= end:
                raise


async def require_current(database: Database, root: Path) -> None:
    """Raise NotMigratedError when a migration was not applied. Warn about a schema that is newer,
    and about models that were changed without a migration.
    """

    def check(connection: Connection) -> None:
        for history in histories(root):
            if unknown := history.unknown(connection):
                logger.warning(_NEWER, ", ".join(sorted(unknown)))
            elif history.applied(connection) != history.heads():
                raise NotMigratedError(
                    "The database has not been migrated to this version: run `uv run poe serve`,"
                    " or `python -m app migrate` where only the server is installed."
                )
        if lacking := missing(connection):
            logger.warning(_LACKING, ", ".join(lacking))

    try:
        async with asyncio.timeout(_PATIENCE), database.reading() as db:
            await (await db.connection()).run_sync(check)
    except OperationalError as error:
        raise CannotStart(no_answer(error)) from None
    except TimeoutError:
        raise CannotStart(f"{NO_ANSWER}: nothing came within {_PATIENCE:g} s") from None


async def migrate_alone(database: Database, root: Path) -> None:
    """The command: check that the database answers, migrate, disconnect."""
    try:
        await must_answer(database)
        await migrate(database, root)
    finally:
        await database.dispose()


IncludeObject = Callable[[Any, str | None, str, bool, Any], bool]


def run_migrations(settings: type[Settings], **options: Any) -> None:
    """The team's `env.py`: runs the migrations of the command.

    They run on the command's connection. `alembic` on the command line has none: it connects to
    the `DATABASE_URL` of the settings. `options` go to Alembic's `context.configure`.
    """
    engine = engine_tables()
    asked: IncludeObject | None = options.pop("include_object", None)

    def include(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        if kind == "table" and (name in engine or left_by_accounts(name, reflected, other)):
            return False
        if kind == "foreign_key_constraint" and reflected and other is None and _is_left(thing):
            return False
        return asked is None or asked(thing, name, kind, reflected, other)

    def run(connection: Connection) -> None:
        defaults: dict[str, Any] = {
            "target_metadata": Base.metadata,
            # In batches on every database: SQLite cannot alter a table in another way.
            "render_as_batch": True,
            "compare_type": True,
            "render_item": render_type,
        }
        context.configure(connection=connection, include_object=include, **(defaults | options))
        with context.begin_transaction():
            context.run_migrations()

    async def run_alone() -> None:
        database = Database.of(settings.load())
        try:
            async with database.engine.begin() as connection:
                await connection.run_sync(run)
        finally:
            await database.dispose()

    given: Connection | None = context.config.attributes.get("connection")
    if given is None:
        asyncio.run(run_alone())
    else:
        run(given)


def run_engine_migrations() -> None:
    """The engine's `env.py`."""
    context.configure(
        connection=context.config.attributes["connection"],
        version_table=ENGINE.version_table,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def new_migration(root: Path, message: str) -> Path | None:
    """Write the migration that brings the tables to the team's models; None without a change.

    The database must be migrated. Call it outside of an event loop.
    """
    history = team_history(root)
    (history.folder / "versions").mkdir(exist_ok=True)
    made = command.revision(
        history.config(),
        message=message,
        autogenerate=True,
        process_revision_directives=_leave_out_empty,
    )
    return None if made is None or isinstance(made, list) else Path(made.path)


def _leave_out_empty(_: Any, __: Any, directives: list[Any]) -> None:
    if directives[0].upgrade_ops.is_empty():
        directives.clear()


def left_by_accounts(name: str | None, reflected: bool, other: object) -> bool:
    """Whether a table of the database is left from sign-in that the project has removed.

    A new migration would drop it with all accounts, which a project may want back.
    """
    return reflected and other is None and name in ACCOUNT_TABLES


def _is_left(constraint: ForeignKeyConstraint) -> bool:
    """Whether a foreign key of the database refers to such a table.

    Dropped in a new migration, it would be missing in a new database, where nobody made it.
    """
    name = constraint.elements[0].target_fullname.split(".")[-2]
    return name in ACCOUNT_TABLES and name not in Base.metadata.tables


def engine_tables() -> frozenset[str]:
    """The names of the engine's tables, and of its version table."""
    return frozenset(
        table.description
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith("duplex.")
        for table in mapper.tables
    ) | {ENGINE.version_table}


def render_type(kind: str, thing: object, autogen: AutogenContext) -> str | Literal[False]:
    """Alembic's `render_item`: writes column types so that the migration runs.

    A `TypeDecorator` such as `Moment` is written as the type behind it: a migration must not
    change its meaning with the code. A type of another package gets its import.
    """
    if kind != "type":
        return False
    asked = found = cast("TypeEngine[Any]", thing)
    if "astext_type=Text()" in repr(asked):
        # Alembic writes PostgreSQL's JSON type for texts without its module.
        autogen.imports.add("from sqlalchemy import Text")
    while isinstance(found, TypeDecorator):
        found = found.impl_instance
    module = type(found).__module__
    if module.startswith("sqlalchemy.dialects."):
        dialect = module.split(".")[2]
        autogen.imports.add(f"from sqlalchemy.dialects import {dialect}")
        return f"{dialect}.{found!r}"
    if module.startswith("sqlalchemy."):
        return False if found is asked else f"sa.{found!r}"
    autogen.imports.add(f"import {module}")
    return f"{module}.{found!r}"

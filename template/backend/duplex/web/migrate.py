"""Database migrations: the engine's tables and the team's, each with a history of its own.

The two histories are two Alembic environments with a version table each. A release of Duplex can
add a migration, and a team can add one, without two heads and without a merge. The engine's are
applied first, so a table of the team's may refer to one of the engine's.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from duplex.web.database import Database
from duplex.web.starting import CannotStart

logger = logging.getLogger(__name__)

_LOCK = 4_108_877
"""Key of the PostgreSQL advisory lock; any number that never changes."""


_PATIENCE = 20.0
"""Seconds in which the database must answer when the server starts."""

_NO_ANSWER = "DATABASE_URL: the database does not answer"

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

    async with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # SQLite's transaction is a lock already. This one ends with the transaction.
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(upgrade)


_NEWER = "The database is newer than this code (revision %s): it is left as it is."


async def require_current(database: Database, root: Path) -> None:
    """Raise NotMigratedError when a migration is missing; warn about a schema that is newer."""

    def check(connection: Connection) -> None:
        for history in histories(root):
            if unknown := history.unknown(connection):
                logger.warning(_NEWER, ", ".join(sorted(unknown)))
            elif history.applied(connection) != history.heads():
                raise NotMigratedError(
                    "The database has not been migrated to this version: run `uv run poe serve`,"
                    " or `python -m app migrate` where only the server is installed."
                )

    try:
        async with asyncio.timeout(_PATIENCE), database.reading() as db:
            await (await db.connection()).run_sync(check)
    except OperationalError as error:
        raise CannotStart(_no_answer(error)) from None
    except TimeoutError:
        raise CannotStart(f"{_NO_ANSWER}: nothing came within {_PATIENCE:g} s") from None


async def must_answer(database: Database) -> None:
    """End the process, with the driver's reason in one line, when no connection can be made."""
    try:
        async with database.engine.connect():
            pass
    except OperationalError as error:
        raise SystemExit(_no_answer(error)) from None


def _no_answer(error: OperationalError) -> str:
    return f"{_NO_ANSWER}: {' '.join(str(error.orig).split())}"


async def migrate_alone(database: Database, root: Path) -> None:
    """The command: check that the database answers, migrate, disconnect."""
    try:
        await must_answer(database)
        await migrate(database, root)
    finally:
        await database.dispose()

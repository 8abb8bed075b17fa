"""Bring the database to the newest schema: `python -m app migrate`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from duplex.web.database import Database
from duplex.web.starting import CannotStart

_LOCK = 4_108_877
"""Any number will do, as long as it stays the same."""


class NotMigratedError(CannotStart):
    """The tables are not those that this code expects."""


def config(root: Path, connection: Connection | None = None) -> Config:
    """Alembic's configuration of the project in `root`; `connection`: what migrations run on."""
    made = Config(attributes={"connection": connection})
    folder = str(root / "backend" / "migrations")
    made.set_main_option("script_location", folder.replace("%", "%%"))
    return made


async def migrate(database: Database, root: Path) -> None:
    """Apply every migration that is missing, all or none; safe to run from several processes."""
    async with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # SQLite's transaction is a lock already. This one ends with the transaction.
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(lambda sync: command.upgrade(config(root, sync), "heads"))


async def require_current(database: Database, root: Path) -> None:
    """Raise NotMigratedError when a migration is missing; a schema newer than this code passes."""
    async with database.reading() as db:
        applied = await (await db.connection()).run_sync(
            lambda sync: set(MigrationContext.configure(sync).get_current_heads())
        )
    script = ScriptDirectory.from_config(config(root))
    known = {revision.revision for revision in script.walk_revisions()}
    if applied <= known and not applied.issuperset(script.get_heads()):
        raise NotMigratedError(
            "The database has not been migrated to this version: run `uv run poe serve`,"
            " or `python -m app migrate` where only the server is installed."
        )


async def must_answer(database: Database) -> None:
    """End the process, with the driver's reason in one line, when no connection can be made."""
    try:
        async with database.engine.connect():
            pass
    except OperationalError as error:
        reason = " ".join(str(error.orig).split())
        raise SystemExit(f"DATABASE_URL: the database does not answer: {reason}") from None


async def migrate_alone(database: Database, root: Path) -> None:
    """What the command does: check that the database answers, migrate, disconnect."""
    try:
        await must_answer(database)
        await migrate(database, root)
    finally:
        await database.dispose()

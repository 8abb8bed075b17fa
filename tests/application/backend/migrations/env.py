"""How Alembic reaches the database; see the rendered file of the same name."""

import asyncio

import duplex.accounts
from alembic import context
from app.main import application
from app.settings import Settings
from duplex import Base, Database
from sqlalchemy import Connection

assert application, "importing the application registers its tables"
assert duplex.accounts, "and the accounts register theirs"


def run(connection: Connection) -> None:
    """Run the migrations that the command asks for."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    """Connect as the settings say: for `alembic` on the command line."""
    database = Database(Settings.load().database_url)
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

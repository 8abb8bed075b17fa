"""The `env.py` of each history, and the generation of migrations from the models."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

from alembic import command, context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, TypeDecorator
from sqlalchemy.types import TypeEngine

from duplex.settings.base import Settings
from duplex.web.database import Base, Database
from duplex.web.migrate import ENGINE, team_history

IncludeObject = Callable[[Any, str | None, str, bool, Any], bool]


def run_migrations(settings: type[Settings], **options: Any) -> None:
    """The team's `env.py`: runs the migrations of the command.

    They run on the command's connection. `alembic` on the command line has none: it connects to
    the `DATABASE_URL` of the settings. `options` go to Alembic's `context.configure`.
    """
    engine = engine_tables()
    asked: IncludeObject | None = options.pop("include_object", None)

    def include(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        if kind == "table" and name in engine:
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

"""The engine's tables and the team's migrate side by side, each with a history of its own."""

import sqlite3
from pathlib import Path

import pytest

from tests.web.small_project import SmallProject

WITHOUT_ACCOUNTS = """
    import duplex
    from app.settings import Settings
    from duplex import Model


    class Document(Model):
        lines: list[str] = []


    application = duplex.Application(document=Document, sessions=duplex.Sessions())
"""

BOARDS = """
    from datetime import datetime
    from enum import Enum

    from sqlalchemy import JSON, ForeignKey, Integer, String
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.orm import Mapped, mapped_column

    from duplex import Base, Moment, now


    class Kind(Enum):
        OPEN = "open"
        CLOSED = "closed"


    class Board(Base):
        __tablename__ = "boards"

        id: Mapped[str] = mapped_column(String(36), primary_key=True)
        name: Mapped[str] = mapped_column(String(80), unique=True)
        kind: Mapped[Kind]
        owner: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
        extra: Mapped[dict] = mapped_column(JSON().with_variant(postgresql.JSONB(), "postgresql"))
        at: Mapped[datetime] = mapped_column(Moment, default=now)
"""


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return SmallProject(tmp_path)


def tables(project: SmallProject) -> set[str]:
    with sqlite3.connect(project.database) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows}


def test_a_project_without_migrations_of_its_own_gets_the_tables_of_the_engine(
    project: SmallProject,
) -> None:
    assert project.migrate() == ""
    assert {"users", "duplex_version"} <= tables(project)
    assert project.new_migration("nothing") is None


def test_migrations_are_made_from_the_models_of_the_team_and_run(project: SmallProject) -> None:
    project.write("backend/app/models/boards.py", BOARDS)
    text = project.new_migration("add boards")
    assert text is not None
    assert "sa.DateTime(timezone=True)" in text
    assert "op.f('uq_boards_name')" in text
    # The tables of the engine are not the team's to change.
    assert text.count("op.create_table(") == 1
    assert "op.drop_table('boards')" in text
    project.append(
        "backend/app/models/boards.py",
        "    closed: Mapped[datetime | None] = mapped_column(Moment)\n",
    )
    text = project.new_migration("close boards")
    assert "boards" in tables(project)
    assert text is not None
    assert "batch_op.add_column(sa.Column('closed', sa.DateTime(timezone=True)" in text
    assert project.new_migration("nothing") is None


def test_foreign_keys_to_accounts_that_a_project_removed_stay_in_used_databases(
    project: SmallProject,
) -> None:
    """Model and migration no longer name `users`, which a new database does not have."""
    project.write("backend/app/models/boards.py", BOARDS)
    assert project.new_migration("add boards") is not None
    project.write("backend/app/models/boards.py", BOARDS.replace('ForeignKey("users.id"), ', ""))
    project.write("backend/app/main.py", WITHOUT_ACCOUNTS)
    assert project.new_migration("nothing") is None


@pytest.mark.parametrize("table", ["duplex_version", "alembic_version"])
def test_a_database_newer_than_the_code_is_left_as_it_is_and_the_app_starts(
    project: SmallProject, table: str
) -> None:
    project.write("backend/app/models/boards.py", BOARDS)
    project.new_migration("add boards")
    project.migrate()
    with sqlite3.connect(project.database) as connection:
        connection.execute(f"UPDATE {table} SET version_num = 'future'")
    assert project.migrate() == (
        "The database is newer than this code (revision future): it is left as it is.\n"
    )
    assert project.start() == (
        "The database is newer than this code (revision future): it is left as it is.\n"
    )


def test_a_missing_migration_stops_the_start_in_one_line(project: SmallProject) -> None:
    project.write("backend/app/models/boards.py", BOARDS)
    project.migrate()
    project.new_migration("add boards")
    done = project.run("-m", "app")
    assert done.returncode != 0
    assert "python -m app migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_change_of_a_model_without_a_migration_is_reported_at_the_start(
    project: SmallProject,
) -> None:
    project.write("backend/app/models/boards.py", BOARDS)
    project.new_migration("add boards")
    assert project.migrate() == ""
    assert project.start() == ""
    project.append(
        "backend/app/models/boards.py",
        """    closed: Mapped[datetime | None] = mapped_column(Moment)


class Card(Base):
    __tablename__ = "cards"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
""",
    )
    assert project.start() == (
        "The database has no boards.closed, cards, which models declare: run `uv run poe migration"
        ' "what changes"`, then start again.\n'
    )
    project.new_migration("close boards")
    project.migrate()
    assert project.start() == ""


def test_tables_that_no_model_declares_are_not_read_at_the_start(project: SmallProject) -> None:
    project.write("backend/app/models/boards.py", BOARDS)
    # A column that PostgreSQL itself keeps: no database lists it.
    project.append(
        "backend/app/models/boards.py",
        '    xmin: Mapped[int] = mapped_column("xmin", Integer, system=True)\n',
    )
    project.new_migration("add boards")
    project.migrate()
    with sqlite3.connect(project.database) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        # Of an extension that this process does not have.
        connection.execute(
            "INSERT INTO sqlite_master VALUES"
            " ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0(a)')"
        )
    assert project.start() == ""


def test_a_database_that_does_not_answer_is_reported_in_one_line(tmp_path: Path) -> None:
    nothing = "postgresql+psycopg://ada:topsecret@127.0.0.1:1/db"
    done = SmallProject(tmp_path, nothing).run("-m", "app", "migrate")
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL: the database does not answer: ")
    assert done.stderr.count("\n") == 1
    assert "topsecret" not in done.stderr

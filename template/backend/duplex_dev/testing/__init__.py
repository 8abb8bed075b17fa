"""Tests of an application: its users, with a real server or without one.

`pytest_plugins = ["duplex_dev.testing.fixtures"]` in a conftest.py loads the fixtures; the names
here are for tests and fixtures of a team.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from duplex import Identity
from duplex.socket.uvicorn_protocol import PreparedProtocol
from duplex_dev.client import Client

__all__ = [
    "PATIENCE",
    "Admit",
    "Client",
    "Join",
    "NewSessionId",
    "Person",
    "SignIn",
    "new_client",
    "on_every_database",
    "serve",
]

on_every_database = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""The mark for a test that must pass on every database."""

PATIENCE = 30.0
"""Seconds after which a frame that did not come is a failure; never waited when all is well."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user in a test: the token for the hello, and its identity."""

    token: str | None = None
    identity: Identity = field(default_factory=Identity)


SignIn = Callable[[str], Awaitable[Person]]
"""`await sign_in("ada")`: a person of this name; the same name is the same person."""

Admit = Callable[[str, Person], Awaitable[None]]
"""`await admit(session, person)`: create the rows that `may_join` looks for."""

NewSessionId = Callable[[], str]
"""`new_session_id()`: the id of a session that no test has opened yet."""

Join = Callable[..., AbstractAsyncContextManager[Client]]
"""See the fixture `join`."""


ORIGIN = "http://test"
"""Where the page of `new_client` comes from."""


@asynccontextmanager
async def serve(app: FastAPI) -> AsyncGenerator[str]:
    """Run a real server on a free loopback port; gives its `host:port`."""
    config = uvicorn.Config(
        app, ws=PreparedProtocol, ws_per_message_deflate=False, log_level="warning"
    )
    running = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Connections wait in the socket's queue until the server takes them.
        task = asyncio.create_task(running.serve(sockets=[listening]))
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            await task


def new_client(app: FastAPI) -> httpx.AsyncClient:
    """A browser without a window: it keeps cookies of its own and names the page's origin.

    `app` must have been started (fixture `app`).
    """

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(app.state.lifespan)}, receive, send)

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(with_state), base_url=ORIGIN, headers={"Origin": ORIGIN}
    )

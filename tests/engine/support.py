"""States and settings for tests, a real server, and a client of the protocol."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from duplex import Engine, Identity, Model, NotSignedIn, Registry, SavedRef
from duplex.brokers import from_url
from duplex.brokers.base import Broker
from duplex.options import Options, Rate
from duplex.requests.session import Transaction
from duplex.rooms.member import Member
from duplex.server import logging_config
from duplex.socket.uvicorn_protocol import PreparedProtocol
from duplex.web.application import retention_of
from duplex_dev import client
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

PATH = "/api/v1/socket"
PATIENCE = 30.0
"""Timeout of waits in seconds, which correct code never reaches."""

Frame = dict[str, Any]


@dataclass
class Setup:
    """Where rooms are kept, and the engine's options."""

    broker_url: str
    options: Options


def setup(broker_url: str = "memory://", **changes: Any) -> Setup:
    """Options with limits that tests do not reach, except for the given ones."""
    generous: dict[str, Any] = {
        "rate": Rate(100_000, 1.0),
        "join_rate": Rate(100_000, 1.0),
        "room_rate": Rate(100_000, 1.0),
        "max_per_user": 1000,
        "max_per_address": 10_000,
        "drain": 0.0,
    }
    return Setup(broker_url, Options(**generous | changes))


class Notes(Model):
    """The shared document of the test sessions."""

    lines: list[str] = Field(default_factory=list[str])


class Store:
    """Saved sessions in a dictionary."""

    def __init__(self) -> None:
        self.saved: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.owners: dict[str, str | None] = {}

    def forget(self) -> None:
        for each in (self.saved, self.titles, self.owners):
            each.clear()

    async def load(self, session: str) -> str | None:
        return self.saved.get(session)

    async def may_join(self, identity: Identity, session: str) -> bool:
        return True

    async def save(self, session: str, title: str, identity: Identity, document: str) -> SavedRef:
        self.saved[session], self.titles[session] = document, title
        self.owners[session] = identity.user
        return SavedRef(session, title or session)


def no_database() -> AbstractAsyncContextManager[AsyncSession]:
    raise AssertionError("these states use no database")


class Accounts:
    """Tokens are `user`, `user:role` or `user@seconds` (their lifetime); `bad` is invalid; without
    one the user is a guest.
    """

    async def authenticate(self, token: str | None) -> Identity:
        if token is None:
            return Identity()
        if token == "bad":
            raise NotSignedIn("This token is not good any more.")
        user, _, seconds = token.partition("@")
        user, _, role = user.partition(":")
        expires = time.time() + float(seconds) if seconds else None
        return Identity(user, user.title(), frozenset({role} if role else ()), expires)


def make_engine(
    registry: Registry,
    given: Setup | None = None,
    *,
    broker: Broker | None = None,
    store: Store | None = None,
    authenticate: Callable[[str | None], Awaitable[Identity]] | None = None,
    contract: str = "",
    document: type[Model] = Notes,
    transaction: Transaction = no_database,
    settings: object = None,
) -> Engine:
    """An engine with these states, and with the given broker or that of `given.broker_url`."""
    given = given or setup()
    return Engine(
        options=given.options,
        broker=broker or from_url(given.broker_url, retention_of(given.options)),
        registry=registry,
        document=document,
        authenticate=authenticate or Accounts().authenticate,
        store=store or Store(),
        transaction=transaction,
        contract=contract,
        settings=settings,
    )


@dataclass
class Server:
    """A running server: where it is, and its inside."""

    engine: Engine
    url: str
    uvicorn: uvicorn.Server
    running: "asyncio.Task[None]"

    def member(self, client: "Client") -> Member:
        """A client's member, which this server must have."""
        member = self.engine.rooms.member(client.session, client.participant)
        assert member is not None
        return member

    async def client(self, **hello: Any) -> "Client":
        """Connect, send the hello, and wait for `initialised`."""
        made = await self.socket()
        await made.hello(**hello)
        return made

    async def socket(self, **options: Any) -> "Client":
        """Connect without a hello."""
        return await Client.connect(self.url, patience=PATIENCE, **options)


def application(engine: Engine) -> Starlette:
    """An application with nothing but the sessions of this engine."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        await engine.start()
        yield
        await engine.stop()

    return Starlette(middleware=[engine.middleware(PATH)], lifespan=lifespan)


@asynccontextmanager
async def serving(engine: Engine, *, prepared: bool = True) -> AsyncGenerator[Server]:
    """The engine behind a real uvicorn on a free loopback port, with or without our protocol
    class.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application(engine),
        ws=PreparedProtocol if prepared else "websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=2 * engine.sockets.options.max_frame,
        log_config=logging_config(),
        log_level="warning",
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        assert not running.done(), "the server did not start; its log has the reason"
        await asyncio.sleep(0.01)
    port = listener.getsockname()[1]
    try:
        yield Server(engine, f"ws://127.0.0.1:{port}{PATH}", server, running)
    finally:
        server.should_exit = True
        await running


class Client(client.Client):
    """A client whose `async with` ends the connection without leaving the session."""

    async def send(self, frame: object) -> None:
        """Send JSON of any kind, or text and bytes as they are."""
        await super().send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

"""A team's states made for tests, settings, a real server, and a client that speaks the
protocol.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import uvicorn
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from app.session import (
    Engine,
    Identity,
    MayJoin,
    Model,
    NotSignedIn,
    Registry,
    SavedRef,
)
from app.session.server import logging_config
from app.session.uvicorn_protocol import PreparedProtocol
from app.units import Rate

PATH = "/api/v1/socket"
PATIENCE = 30.0
"""Seconds after which a test gives up waiting; never waited when the code is right."""

Frame = dict[str, Any]


@dataclass
class Settings:
    """What the engine reads, with the defaults of app/settings.py where tests do not mind."""

    broker_url: str = "memory://"
    allowed_origins: tuple[str, ...] = ()
    session_rate: Rate = field(default_factory=lambda: Rate(100_000, 1.0))
    session_max_frame: int = 65536
    session_hello_timeout: float = 10.0
    session_heartbeat: float = 20.0
    session_idle: float = 1800.0
    session_replay_count: int = 1000
    session_replay_bytes: int = 1 << 20
    session_replay_seconds: float = 120.0
    session_outbox_bytes: int = 1 << 20
    session_write_timeout: float = 10.0
    session_max_connections: int = 10_000
    session_max_per_user: int = 1000
    session_max_per_address: int = 10_000
    session_max_unauthenticated: int = 1000
    session_drain: float = 0.0
    session_refused_contracts: tuple[str, ...] = ()


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

    async def load(self, session_id: str) -> str | None:
        return self.saved.get(session_id)

    async def save(self, session_id: str, title: str, owner: str | None, snapshot: str) -> SavedRef:
        self.saved[session_id], self.titles[session_id] = snapshot, title
        self.owners[session_id] = owner
        return SavedRef(session_id, title or session_id)


def no_database() -> AbstractAsyncContextManager[AsyncSession]:
    raise AssertionError("these states use no database")


class Accounts:
    """Tokens are `user`, `user:role` or `user@seconds` (good that long); `bad` is nobody's; none
    is a guest.
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
    settings: Settings | None = None,
    *,
    store: Store | None = None,
    may_join: MayJoin | None = None,
    authenticate: Callable[[str | None], Awaitable[Identity]] | None = None,
    contract: str = "",
    snapshot: type[Model] = Notes,
) -> Engine:
    return Engine(
        settings=settings or Settings(),
        registry=registry,
        snapshot=snapshot,
        authenticate=authenticate or Accounts().authenticate,
        store=store or Store(),
        transaction=no_database,
        may_join=may_join,
        contract=contract,
    )


@dataclass
class Server:
    """A running server: where it is, and its inside."""

    engine: Engine
    url: str
    uvicorn: uvicorn.Server
    running: "asyncio.Task[None]"

    async def client(self, **hello: Any) -> "Client":
        """Connect, say hello, and wait for `initialised`."""
        client = await self.socket()
        await client.hello(**hello)
        return client

    async def socket(self, **options: Any) -> "Client":
        """Connect without a hello."""
        # Without a bound: a client that stops reading is a test's own wish.
        options = {"compression": None, "max_queue": None} | options
        return Client(await connect(self.url, max_size=None, **options))


@asynccontextmanager
async def serving(engine: Engine, *, prepared: bool = True) -> AsyncGenerator[Server]:
    """The engine behind a real uvicorn on a free loopback port, with or without our protocol
    class.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        await engine.start()
        yield
        await engine.stop()

    app = Starlette(middleware=[engine.middleware(PATH)], lifespan=lifespan)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        ws=PreparedProtocol if prepared else "websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=2 * engine.settings.session_max_frame,
        log_config=logging_config(),
        log_level="warning",
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = listener.getsockname()[1]
    try:
        yield Server(engine, f"ws://127.0.0.1:{port}{PATH}", server, running)
    finally:
        server.should_exit = True
        await running


class Client:
    """A client that keeps what it got; every wait ends after `PATIENCE`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.initialised: Frame = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def session(self) -> str:
        return self.initialised["session"]

    @property
    def participant(self) -> str:
        return self.initialised["participant"]

    async def hello(self, **hello: Any) -> Frame:
        await self.send(hello)
        frame = await self.receive()
        assert frame["state"] == "initialised", frame
        self.initialised = frame["data"]
        return self.initialised

    async def send(self, frame: object) -> None:
        await self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def ask(self, state: str, data: object = None, **more: object) -> None:
        await self.send({"state": state, "data": data, **more})

    async def receive(self) -> Frame:
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.socket.recv())

    async def until(self, state: str) -> Frame:
        """The next frame of this state; others are passed over."""
        while True:
            frame = await self.receive()
            if frame["state"] == state:
                return frame

    async def reply(self, state: str, data: object = None, **more: object) -> Frame:
        """Ask, and the next frame that is the reply or an error."""
        await self.ask(state, data, **more)
        while True:
            frame = await self.receive()
            if frame["state"] in (state, "error") and "from" not in frame:
                return frame

    async def closed(self) -> int:
        """Wait for the end; the close code."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.socket.recv()
        except ConnectionClosed:
            return self.socket.close_code or 1006

    async def quiet(self) -> list[Frame]:
        """All frames up to the answer of a ping: what the server had to say until now."""
        await self.send({"state": "ping", "id": "quiet"})
        frames: list[Frame] = []
        while (frame := await self.receive()) != {"state": "pong", "data": None, "id": "quiet"}:
            frames.append(frame)
        return frames

    async def close(self, code: int = 1000) -> None:
        await self.socket.close(code)

    def lose(self) -> None:
        """The network is gone: no close frame."""
        self.socket.transport.abort()

    def resume(self, seq: int | None = None) -> dict[str, Any]:
        """What to say in the hello to come back, having seen `seq` last."""
        known = self.initialised
        return {
            "session": self.session,
            "resume": {
                "token": known["resume_token"],
                "epoch": known["epoch"],
                "seq": known["seq"] if seq is None else seq,
            },
        }

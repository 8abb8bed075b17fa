"""A team's states made for tests, settings, a real server, and a client that speaks the
protocol.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import uvicorn
from duplex import Engine, Identity, Model, NotSignedIn, Registry, SavedRef
from duplex.brokers import from_url
from duplex.brokers.base import Broker, Keep
from duplex.options import Options
from duplex.server import logging_config
from duplex.socket.uvicorn_protocol import PreparedProtocol
from duplex.units import Rate
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATH = "/api/v1/socket"
PATIENCE = 30.0
"""Seconds after which a test gives up waiting; never waited when the code is right."""

Frame = dict[str, Any]


@dataclass
class Setup:
    """Where rooms are kept, and the engine's options."""

    broker_url: str
    options: Options


def setup(broker_url: str = "memory://", **changes: Any) -> Setup:
    """Options with bounds that tests do not meet, but for the given ones."""
    generous: dict[str, Any] = {
        "rate": Rate(100_000, 1.0),
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


def keep_of(options: Options) -> Keep:
    """What `duplex.web` makes of the same settings."""
    return Keep(
        options.replay_count,
        options.replay_bytes,
        options.replay_seconds,
        min(15.0, options.replay_seconds),
        unnoticed=2 * options.heartbeat,
    )


def make_engine(
    registry: Registry,
    given: Setup | None = None,
    *,
    broker: Broker | None = None,
    store: Store | None = None,
    authenticate: Callable[[str | None], Awaitable[Identity]] | None = None,
    contract: str = "",
    document: type[Model] = Notes,
) -> Engine:
    """An engine of these states. Its broker is given, or the one of `given.broker_url`."""
    given = given or setup()
    return Engine(
        options=given.options,
        broker=broker or from_url(given.broker_url, keep_of(given.options)),
        registry=registry,
        document=document,
        authenticate=authenticate or Accounts().authenticate,
        store=store or Store(),
        transaction=no_database,
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
        ws_max_size=2 * engine.options.max_frame,
        log_config=logging_config(),
        log_level="warning",
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
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

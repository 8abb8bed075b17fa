"""The engine as a server to measure, all promises on: `echo` answers, `tell` tells everybody."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from duplex import Engine, Identity, Model, Rate, Registry, SavedRef, Session, state
from duplex.brokers import from_url
from duplex.brokers.base import Retention
from duplex.options import Options
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

UNBOUND = Rate(1_000_000, 1.0)


class Text(Model):
    text: str


class Document(Model):
    """An empty document: the benchmarks measure messages only."""


@state("echo", to="sender")
async def echo(session: Session[Document], data: Text) -> Text:
    return data


@state("tell")
async def tell(session: Session[Document], data: Text) -> Text:
    return data


async def authenticate(token: str | None) -> Identity:
    return Identity()


class NoStore:
    """Every session is new, and none is saved."""

    async def may_join(self, identity: Identity, session: str) -> bool:
        return True

    async def load(self, session: str) -> str | None:
        return None

    async def save(self, session: str, title: str, identity: Identity, document: str) -> SavedRef:
        raise NotImplementedError


def no_transaction() -> AbstractAsyncContextManager[AsyncSession]:
    raise NotImplementedError


def options() -> Options:
    """The defaults with DEFAULT_LIMITS, else limits that the load does not reach."""
    if os.environ.get("BENCH_LIMITS") == "default":
        return Options(drain=0)
    return Options(
        rate=UNBOUND,
        join_rate=UNBOUND,
        room_rate=UNBOUND,
        heartbeat=300,
        idle=0,
        max_connections=20_000,
        max_per_address=20_000,
        max_unauthenticated=20_000,
        kept_bytes=0,
        drain=0,
    )


def create_app() -> FastAPI:
    engine = Engine(
        options=options(),
        broker=from_url(os.environ.get("BENCH_BROKER", "memory://"), Retention()),
        registry=Registry([echo, tell]),
        document=Document,
        authenticate=authenticate,
        store=NoStore(),
        transaction=no_transaction,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        yield
        await engine.stop()

    app = FastAPI(lifespan=lifespan, middleware=[engine.middleware("/socket")])

    @app.get("/health")
    async def health() -> dict[str, object]:
        return await engine.check()

    return app

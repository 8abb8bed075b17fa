"""The engine as a server to measure, all promises on: `echo` answers, `tell` tells everybody."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from duplex import Engine, Identity, Model, Registry, SavedRef, Session, state
from duplex.settings.settings import Settings
from fastapi import FastAPI


class Text(Model):
    text: str


class Document(Model):
    """Nothing shared: what is measured is the way of a message."""


@state("echo", to="sender")
async def echo(session: Session, data: Text) -> Text:
    return data


@state("tell")
async def tell(session: Session, data: Text) -> Text:
    return data


async def authenticate(token: str | None) -> Identity:
    return Identity(user=None, name=None, roles=frozenset(), expires=None)


class NoStore:
    async def load(self, session_id: str) -> str | None:
        return None

    async def save(self, session_id: str, title: str, owner: str | None, snapshot: str) -> SavedRef:
        raise NotImplementedError


def no_transaction() -> AbstractAsyncContextManager[Any]:
    raise NotImplementedError


def create_app() -> FastAPI:
    settings = Settings(
        _env_file=None,
        secret_key="benchmark-only-" + "x" * 40,
        broker_url=os.environ.get("BENCH_BROKER", "memory://"),
        session_rate="1000000/s",
        session_heartbeat=300,
        session_idle=0,
        session_max_connections=20000,
        session_max_per_address=20000,
        session_max_unauthenticated=20000,
        session_drain=0,
    )
    engine = Engine(
        settings=settings,
        registry=Registry([echo, tell]),
        snapshot=Document,
        authenticate=authenticate,
        store=NoStore(),
        transaction=no_transaction,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        yield
        await engine.stop()

    return FastAPI(lifespan=lifespan, middleware=[engine.middleware("/socket")])

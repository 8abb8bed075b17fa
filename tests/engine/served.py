"""The test application as a module, for servers that are given its name: see test_servers.py."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from tests.engine.states import Gates, states
from tests.engine.support import PATH, make_engine, setup

engine = make_engine(states(Gates()), setup())


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[None]:
    await engine.start()
    yield
    await engine.stop()


app = Starlette(middleware=[engine.middleware(PATH)], lifespan=lifespan)

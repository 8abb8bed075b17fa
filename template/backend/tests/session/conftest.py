"""One server per test module and way of writing: with our protocol class, and on plain ASGI."""

from collections.abc import AsyncIterator

import pytest

from tests.session.states import Gates, states
from tests.session.support import Server, Store, make_engine, serving


@pytest.fixture(scope="module")
def gates() -> Gates:
    """What the module's handlers wait for."""
    return Gates()


@pytest.fixture(autouse=True)
def fresh_gates(gates: Gates) -> None:
    """Every gate is closed again, for every test."""
    gates.reset()


@pytest.fixture(scope="module")
def store() -> Store:
    """The module's saved sessions."""
    return Store()


@pytest.fixture(scope="module", params=["prepared", "asgi"])
async def server(
    request: pytest.FixtureRequest, gates: Gates, store: Store
) -> AsyncIterator[Server]:
    """A real server, once with each way of writing."""
    store.forget()
    engine = make_engine(states(gates), store=store)
    async with serving(engine, prepared=request.param == "prepared") as running:
        yield running

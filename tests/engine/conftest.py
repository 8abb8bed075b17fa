"""One server per test module and kind: with our protocol class, on plain ASGI, with Valkey."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from duplex_dev.testing.servers import Valkey

from tests.engine.states import Gates, states
from tests.engine.support import Server, Store, make_engine, serving, setup

HERE = Path(__file__).parent

STORES = {"shared_valkey", "valkey", "durable", "forgetful"}
"""Fixtures that start a Valkey."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need a Valkey: `-m "not valkey"` runs only those on the memory broker."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.is_relative_to(HERE):
            in_memory = "memory" in item.name or "prepared" in item.name or "asgi" in item.name
            if "valkey" in item.name or (STORES & set(item.fixturenames) and not in_memory):
                item.add_marker("valkey")


@pytest.fixture(scope="module")
def gates() -> Gates:
    """The events that the module's handlers wait for."""
    return Gates()


@pytest.fixture(autouse=True)
def fresh_gates(gates: Gates) -> None:
    """Every gate is closed again, for every test."""
    gates.reset()


@pytest.fixture(scope="module")
def store() -> Store:
    """The module's saved sessions."""
    return Store()


@pytest.fixture(scope="module")
def shared_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A store for the tests of one module that do it no harm: sessions of one name in two modules
    have nothing in common.
    """
    valkey = Valkey(tmp_path_factory.mktemp("valkey"))
    valkey.start()
    yield valkey
    valkey.kill()


@pytest.fixture(scope="module", params=["prepared", "asgi", "valkey"])
async def server(
    request: pytest.FixtureRequest, gates: Gates, store: Store
) -> AsyncIterator[Server]:
    """A real server: with our protocol class, on any ASGI server, and with a shared store."""
    store.forget()
    settings = setup()
    if request.param == "valkey":
        settings.broker_url = request.getfixturevalue("shared_valkey").url
    engine = make_engine(states(gates), settings, store=store)
    async with serving(engine, prepared=request.param != "asgi") as running:
        yield running

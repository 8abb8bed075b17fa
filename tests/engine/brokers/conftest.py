"""A real Valkey per test module, one that a test may do its worst to, and processes at them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from duplex.brokers.base import Gathering, Retention
from duplex.brokers.redis.broker import RedisBroker
from duplex_dev.testing.network import Proxy
from duplex_dev.testing.servers import Valkey

from tests.engine.brokers.processes import RETENTION, Open
from tests.engine.brokers.promises import Process
from tests.engine.brokers.support import PATIENCE, Recorder


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A server the tests of a module share; their rooms are their own."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[Valkey]:
    """A server of this test alone that keeps nothing on disk."""
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[Valkey]:
    """A server of this test alone that keeps an append-only file."""
    server = Valkey(tmp_path, durable=True)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def room() -> str:
    """A room nobody else has."""
    return uuid4().hex


@pytest.fixture
async def process(room: str) -> AsyncIterator[Open]:
    """Open a process at a URL that watches the room; closed after the test."""
    async with AsyncExitStack() as stack:

        async def opening(
            url: str,
            retention: Retention = RETENTION,
            patience: float = PATIENCE,
            lease: float = 30.0,
            gathering: Gathering | None = None,
        ) -> Process:
            broker = RedisBroker(url, retention, gathering, timeout=patience, lease=lease)
            made = Process(broker, Recorder())
            await made.broker.start(made.record)
            stack.push_async_callback(made.broker.stop)
            await made.broker.watch(room)
            return made

        yield opening


@pytest.fixture
async def proxied(valkey: Valkey) -> AsyncIterator[Proxy]:
    """A bad network in front of the shared server."""
    proxy = Proxy(valkey.port)
    await proxy.start()
    yield proxy
    await proxy.stop()

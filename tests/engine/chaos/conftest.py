"""Shared by the chaos tests: seed and rounds, and server processes on a Valkey of their own."""

import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import pytest
from duplex_dev.testing.servers import Valkey

from tests.engine.chaos.workers import Workers

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "1"))
"""How often each test is repeated, with another seed each time."""

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or SystemRandom().random()
"""Identifies this run; the same in all its processes where pytest has several (`-n`)."""

SEED = int(os.environ.get("CHAOS_SEED") or Random(RUN).randrange(10**9))
"""The seed of the first round; each further round has the next number."""

TIMERS: dict[str, Any] = {
    "heartbeat": 0.6,
    "write_timeout": 1.0,
    "hello_timeout": 5.0,
    "drain": 0.8,
}
"""Short times for everything that takes seconds in production."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat each test that uses `chance` in every round."""
    if "chance" in metafunc.fixturenames:
        seeds = range(SEED, SEED + ROUNDS)
        metafunc.parametrize("chance", seeds, indirect=True, ids=[f"seed {one}" for one in seeds])


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """The source of random choices of this round. Its seed repeats the actions, not the timing."""
    seed: int = request.param
    print(f"again: CHAOS_SEED={seed} CHAOS_ROUNDS=1")
    return Random(seed)


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A server with an append-only file, which the tests of a module may kill and cut off."""
    server = Valkey(tmp_path_factory.mktemp("valkey"), durable=True)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for the logs of a module's workers."""
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
async def pool(durable: Valkey, logs: Path) -> AsyncGenerator[Workers]:
    """The server processes of a module."""
    workers = Workers(logs, broker_url=durable.url, **TIMERS)
    yield workers
    await workers.stop()


@pytest.fixture
async def workers(pool: Workers) -> AsyncGenerator[Workers]:
    """Two server processes on one Valkey; a case gets others for those that an earlier one
    killed.
    """
    await pool.fill(2)
    yield pool
    assert pool.complaints() == []

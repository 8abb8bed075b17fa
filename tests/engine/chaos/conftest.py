"""What the cases share: a seed and rounds, server processes on a Valkey of their own."""

import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import pytest
from duplex_dev.testing.servers import Valkey

from tests.engine.chaos.workers import Workers

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "1"))
"""How often each case is played."""

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or SystemRandom().random()
"""What only this run has, and all its processes where pytest has several (`-n`)."""

SEED = int(os.environ.get("CHAOS_SEED") or Random(RUN).randrange(10**9))
"""Of the first round; each further one has the next number."""

TIMERS: dict[str, Any] = {
    "heartbeat": 0.6,
    "write_timeout": 1.0,
    "hello_timeout": 5.0,
    "drain": 0.8,
}
"""Setup that make what takes seconds in production short."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case that asks for `chance` is played in each round."""
    if "chance" in metafunc.fixturenames:
        seeds = range(SEED, SEED + ROUNDS)
        metafunc.parametrize("chance", seeds, indirect=True, ids=[f"seed {one}" for one in seeds])


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """Everything random of this round. The seed repeats what is done, not how processes race."""
    seed: int = request.param
    print(f"again: CHAOS_SEED={seed} CHAOS_ROUNDS=1")
    return Random(seed)


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A server with an append-only file that the cases of a module may do their worst to."""
    server = Valkey(tmp_path_factory.mktemp("valkey"), durable=True)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workers of a module write."""
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

"""A real Valkey per test module, and one that each fault test may do its worst to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.session.brokers.support import Valkey


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

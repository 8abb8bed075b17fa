"""The same promises, every broker."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from duplex.brokers.base import Keep, from_url
from duplex_dev.testing.valkey import Valkey

from tests.engine.brokers.promises import Opened, Process
from tests.engine.brokers.promises_people import PeoplePromises
from tests.engine.brokers.promises_requests import RequestPromises
from tests.engine.brokers.promises_rooms import RoomPromises
from tests.engine.brokers.support import Recorder


@asynccontextmanager
async def _memory(keep: Keep) -> AsyncGenerator[Opened]:
    process = Process(from_url("memory://", keep), Recorder())
    await process.broker.start(process.record)
    yield process, process
    await process.broker.stop()


@asynccontextmanager
async def _redis(url: str, keep: Keep) -> AsyncGenerator[Opened]:
    first, second = (Process(from_url(url, keep), Recorder()) for _ in range(2))
    for process in (first, second):
        await process.broker.start(process.record)
    yield first, second
    for process in (first, second):
        await process.broker.stop()


class TestMemory(RoomPromises, PeoplePromises, RequestPromises):
    """`memory://`: one process is all there is."""

    def opening(self, keep: Keep) -> AbstractAsyncContextManager[Opened]:
        """The same process twice."""
        return _memory(keep)


class TestRedis(RoomPromises, PeoplePromises, RequestPromises):
    """`redis://`: two processes and a real Valkey."""

    @pytest.fixture(autouse=True)
    def _url(self, valkey: Valkey) -> None:
        self.url = valkey.url

    def opening(self, keep: Keep) -> AbstractAsyncContextManager[Opened]:
        """Two brokers of their own."""
        return _redis(self.url, keep)


def test_a_url_nobody_can_serve_is_refused() -> None:
    with pytest.raises(ValueError, match="expected memory://"):
        from_url("amqp://localhost", Keep())

"""The same promises, every broker."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from duplex.brokers import from_url
from duplex.brokers.base import Gathering, Retention
from duplex_dev.testing.servers import Valkey

from tests.engine.brokers.promises import LONG, Opened, Process, joined
from tests.engine.brokers.promises_crowds import CrowdPromises
from tests.engine.brokers.promises_holds import HoldPromises
from tests.engine.brokers.promises_presence import PresencePromises
from tests.engine.brokers.promises_requests import RequestPromises
from tests.engine.brokers.promises_rooms import RoomPromises
from tests.engine.brokers.support import Recorder


@asynccontextmanager
async def _memory(retention: Retention, gathering: Gathering) -> AsyncGenerator[Opened]:
    process = Process(from_url("memory://", retention, gathering=gathering), Recorder())
    await process.broker.start(process.record)
    yield process, process
    await process.broker.stop()


@asynccontextmanager
async def _redis(url: str, retention: Retention, gathering: Gathering) -> AsyncGenerator[Opened]:
    first, second = (
        Process(from_url(url, retention, gathering=gathering), Recorder()) for _ in range(2)
    )
    for process in (first, second):
        await process.broker.start(process.record)
    yield first, second
    for process in (first, second):
        await process.broker.stop()


class TestMemory(RoomPromises, PresencePromises, RequestPromises, CrowdPromises, HoldPromises):
    """`memory://`: one process is all there is."""

    def opening(
        self, retention: Retention, gathering: Gathering
    ) -> AbstractAsyncContextManager[Opened]:
        """The same process twice."""
        return _memory(retention, gathering)


class TestRedis(RoomPromises, PresencePromises, RequestPromises, CrowdPromises, HoldPromises):
    """`redis://`: two processes and a real Valkey."""

    @pytest.fixture(autouse=True)
    def _url(self, valkey: Valkey) -> None:
        self.url = valkey.url

    def opening(
        self, retention: Retention, gathering: Gathering
    ) -> AbstractAsyncContextManager[Opened]:
        """Two brokers of their own."""
        return _redis(self.url, retention, gathering)


def test_an_unsupported_url_is_refused() -> None:
    with pytest.raises(ValueError, match="expected memory://"):
        from_url("amqp://localhost", Retention())


async def test_two_projects_on_one_store_share_nothing(valkey: Valkey, room: str) -> None:
    processes: list[Process] = []
    for slug in ("shop", "board"):
        broker = from_url(valkey.url, LONG, prefix=f"duplex:{slug}")
        processes.append(Process(broker, Recorder()))
        await broker.start(processes[-1].record)
        await broker.watch(room)
    shop, board = processes
    await joined(shop, room, "ada")
    found = await joined(board, room, "bob")
    assert [one.participant for one in found.present.participants] == ["bob"]
    for process, word in ((shop, "one"), (board, "two")):
        await process.broker.broadcast({"kind": word})
        await process.record.until(lambda process=process: bool(process.record.messages))
    assert [process.record.messages for process in processes] == [
        [{"kind": "one"}],
        [{"kind": "two"}],
    ]
    for process in processes:
        await process.broker.stop()

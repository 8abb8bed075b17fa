"""The base of the tests of every broker's promises: two processes that share it.

`test_brokers.py` runs the classes of `promises_*.py` for each broker. With `memory://` both
processes are the same one; what only makes sense between processes is tested in `test_faults_*.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import pytest
from duplex.brokers.base import (
    Broker,
    Commit,
    Gathering,
    Joined,
    Retention,
)
from duplex.wire.entries import Entry

from tests.engine.brokers.support import Recorder, join_request, message

LONG = Retention(seconds=60.0, grace=30.0)
SINGLY = Gathering(burst=50)
SHORT = Retention(seconds=1.0, grace=0.2)


@dataclass
class Process:
    """One process: its broker, and the recorded events of the broker."""

    broker: Broker
    record: Recorder


Opened = tuple[Process, Process]
Open = Callable[..., Awaitable[Opened]]
"""Opens both with a `Retention` and, if needed, a `Gathering`."""


async def both_saw(processes: Opened, room: str, count: int) -> None:
    """Wait until both processes were given so many entries of a room."""
    for process in processes:
        seen = process.record.entries[room]
        await process.record.until(lambda seen=seen: len(seen) >= count)


async def joined(process: Process, room: str, participant: str, **more: object) -> Joined:
    """Join, and be sure that it worked."""
    found = await process.broker.join(join_request(room, participant, **more))
    assert found is not None
    return found


async def resumed(
    process: Process, room: str, participant: str, epoch: str = "", seq: int = 0
) -> Joined:
    """Join with a participant's resume token, over a new connection."""
    return await joined(
        process,
        room,
        f"new-{uuid4().hex}",
        connection=uuid4().hex,
        resume_hash=f"{participant}-token",
        resume_epoch=epoch,
        resume_seq=seq,
    )


async def say(process: Process, room: str, text: str, sender: str = "ada") -> Entry:
    """Commit one message."""
    entry = message(text, sender)
    await process.broker.commit(Commit(room, [entry]))
    return entry


async def answer(process: Process, room: str, request_id: str, text: str) -> Entry:
    """Commit ada's reply to a request."""
    reply = message(text, request_id=request_id)
    await process.broker.commit(Commit(room, [reply], claim=("ada", request_id), reply=reply))
    return reply


class BrokerPromises:
    """Subclasses say in `opening` which broker it is."""

    def opening(
        self, retention: Retention, gathering: Gathering
    ) -> AbstractAsyncContextManager[Opened]:
        """Two processes that share a store."""
        raise NotImplementedError

    @pytest.fixture
    def room(self) -> str:
        """A room nobody else has."""
        return uuid4().hex

    @pytest.fixture
    async def opened(self, room: str) -> AsyncIterator[Open]:
        """Open two processes with the given limits that watch the room, closed after the test."""
        async with AsyncExitStack() as stack:

            async def opening(retention: Retention, gathering: Gathering = SINGLY) -> Opened:
                processes = await stack.enter_async_context(self.opening(retention, gathering))
                for process in processes:
                    await process.broker.watch(room)
                return processes

            yield opening

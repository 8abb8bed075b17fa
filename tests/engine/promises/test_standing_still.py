"""A process that stood still, in a suspended machine for example, disconnects no client for it."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from duplex.options import Options
from duplex.socket.connection import Connection
from duplex.socket.outbox import Flusher
from duplex.socket.pending import PendingBytes
from duplex.socket.transport import Transport
from duplex.wire.entries import Frame
from duplex.wire.protocol import Close

TIMEOUT = 10.0


class Unread:
    """A transport whose peer does not read."""

    paused = True
    watches_peer = False
    seen = 0.0
    buffered = 0

    def __init__(self) -> None:
        self.aborted = False

    def write(self, frames: Sequence[Frame]) -> int:
        return 0

    def discard(self) -> None:
        """Nothing is kept from being read."""

    def close(self, code: int, reason: str) -> None:
        """The close frame waits too."""

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
async def unread() -> Unread:
    return Unread()


@pytest.fixture
async def connection(unread: Unread) -> Connection:
    now = asyncio.get_running_loop().time()
    flusher = Flusher(asyncio.get_running_loop())
    options = Options(write_timeout=TIMEOUT, hello_timeout=1000)
    made = Connection("c1", "192.0.2.1", options, flusher, PendingBytes(0), now)
    made.transport = cast("Transport", unread)
    return made


async def test_the_time_does_not_count_for_a_client_that_reads_slowly(
    connection: Connection,
) -> None:
    now = asyncio.get_running_loop().time()
    connection.push(Frame(b"x"))
    connection.check(now)
    connection.excuse(100)
    connection.check(now + 100 + TIMEOUT - 1)
    assert connection.verdict is None
    connection.check(now + 100 + TIMEOUT)
    assert connection.verdict == Close.SLOW


async def test_the_time_does_not_count_for_the_last_frames_of_a_connection(
    connection: Connection, unread: Unread
) -> None:
    now = asyncio.get_running_loop().time()
    connection.push(Frame(b"x"))
    connection.close(Close.ENDED)
    connection.excuse(100)
    connection.check(now + 100 + TIMEOUT - 1)
    assert not unread.aborted
    connection.check(now + 100 + TIMEOUT + 1)
    assert unread.aborted

"""The first messages to a newcomer do not make it a slow consumer."""

import asyncio
from collections.abc import Sequence
from typing import cast

from duplex.options import Options
from duplex.socket.connection import Connection
from duplex.socket.outbox import Flusher, Frame
from duplex.socket.pending import PendingBytes
from duplex.socket.transport import Transport


class OneFrame:
    """A transport that takes one frame, and nothing more until it is read."""

    def __init__(self) -> None:
        self.buffered = 0

    def write(self, frames: Sequence[Frame]) -> int:
        if self.buffered:
            return 0
        self.buffered = frames[0].size
        return 1

    def discard(self) -> None:
        """There is nothing to discard."""


async def test_the_first_frames_of_a_joined_session_do_not_count_as_slow_reading() -> None:
    options = Options(outbox_bytes=100_000)
    flusher = Flusher(asyncio.get_running_loop())
    connection = Connection("c1", "192.0.2.1", options, flusher, PendingBytes(0), 0.0)
    connection.transport = cast("Transport", OneFrame())
    connection.catch_up([Frame(b"x" * 70_000) for _ in range(4)])
    assert connection.verdict is None
    assert connection.waiting == 210_000

"""The client who waits for a frame gets it in the tick in which it was made."""

import asyncio
from collections.abc import Sequence
from typing import cast

from duplex.options import Options
from duplex.socket.connection import Connection
from duplex.socket.outbox import Flusher
from duplex.socket.pending import PendingBytes
from duplex.socket.transport import Transport
from duplex.wire.entries import Frame
from duplex.wire.protocol import Close


class Written:
    """A transport that takes every frame, unless it is `paused`."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.paused = False
        self.buffered = 0
        self.code: int | None = None

    def write(self, frames: Sequence[Frame]) -> int:
        if self.paused:
            return 0
        self.frames += [frame.payload for frame in frames]
        return len(frames)

    def discard(self) -> None:
        """Nothing is kept from being read."""

    def close(self, code: int, reason: str) -> None:
        self.code = code


def connect(written: Written, options: Options | None = None) -> Connection:
    flusher = Flusher(asyncio.get_running_loop())
    connection = Connection("c1", "192.0.2.1", options or Options(), flusher, PendingBytes(0), 0.0)
    connection.transport = cast("Transport", written)
    return connection


async def test_an_answer_is_written_at_once_and_behind_the_frames_before_it() -> None:
    written = Written()
    connection = connect(written)
    connection.answer(Frame(b"1"))
    assert written.frames == [b"1"]
    connection.push(Frame(b"2"))
    assert written.frames == [b"1"]
    connection.answer(Frame(b"3"))
    assert written.frames == [b"1", b"2", b"3"]
    await asyncio.sleep(0)
    assert written.frames == [b"1", b"2", b"3"]


async def test_answers_to_a_client_that_does_not_read_wait_in_their_order() -> None:
    written = Written()
    connection = connect(written)
    written.paused = True
    for payload in (b"1", b"2"):
        connection.answer(Frame(payload))
    assert connection.waiting == 2
    written.paused = False
    connection.writable()
    assert written.frames == [b"1", b"2"]
    assert connection.waiting == 0


async def test_answers_count_against_the_outbox() -> None:
    written = Written()
    connection = connect(written, Options(outbox_bytes=1000))
    written.paused = True
    for _ in range(3):
        connection.answer(Frame(b"x" * 400))
    assert connection.verdict == Close.SLOW
    connection.answer(Frame(b"too late"))
    assert (written.frames, written.code) == ([], Close.SLOW)

"""A client that floods the server with frames is dropped and affects nobody else."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from duplex.options import Rate
from duplex.socket.uvicorn_protocol import PreparedProtocol
from websockets.frames import Opcode

from tests.engine.raw import Raw, masked
from tests.engine.states import Gates, states
from tests.engine.support import PATIENCE, Server, make_engine, serving, setup

KINDS = {
    "pings": masked(Opcode.PING, b""),
    "pings with content": masked(Opcode.PING, b"x" * 125),
    "pongs": masked(Opcode.PONG, b""),
    "empty fragments": masked(Opcode.CONT, b"", fin=False),
    "small fragments": masked(Opcode.CONT, b"x", fin=False),
    "empty text": masked(Opcode.TEXT, b""),
    "tiny text": masked(Opcode.TEXT, b"{}"),
    "tiny binary": masked(Opcode.BINARY, b"x"),
}
FLOOD = 100_000
"""Frames: far more than the limit lets through before the connection is dropped."""


@pytest.fixture(scope="module")
async def limited(gates: Gates) -> AsyncGenerator[Server]:
    """A server with the usual rate."""
    async with serving(make_engine(states(gates), setup(rate=Rate(50, 1.0)))) as running:
        yield running


async def pour(raw: Raw, frame: bytes, count: int) -> None:
    """Write until everything is written, or the server has dropped the connection."""
    block = frame * 1000
    try:
        for _ in range(count // 1000):
            raw.writer.write(block)
            await raw.writer.drain()
    except ConnectionError:
        return


async def dropped(raw: Raw) -> None:
    """Wait until the connection has ended; received frames are ignored."""
    async with asyncio.timeout(PATIENCE):
        try:
            while await raw.reader.read(65536):
                pass
        except ConnectionError:
            return


@pytest.mark.parametrize("hello", [False, True], ids=["before the hello", "after the hello"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_flooding_client_is_dropped_and_others_are_answered(
    limited: Server, kind: str, hello: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with await limited.client() as other:
        raw = await Raw.connect(limited.url)
        if hello:
            raw.writer.write(masked(Opcode.TEXT, b"{}"))
            await raw.text()
        if "fragments" in kind:
            raw.writer.write(masked(Opcode.TEXT, b"", fin=False))
        pouring = asyncio.create_task(pour(raw, KINDS[kind], FLOOD))
        # Sent during the flood, without waiting for its end.
        assert (await other.reply("whisper", {"text": "x"}))["state"] == "whisper"
        await dropped(raw)
        await pouring
        raw.writer.close()
        assert len(limited.engine.sockets) == 1
    assert caplog.records == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_flood_uses_a_limited_share_of_each_loop_tick(
    limited: Server, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    tick = 0
    handled: Counter[int] = Counter()
    handle = PreparedProtocol._handle  # pyright: ignore[reportPrivateUsage]

    def count(self: PreparedProtocol, *frame: Any) -> int:
        handled[tick] += 1
        return handle(self, *frame)

    def clock() -> None:
        nonlocal tick, clocking
        tick += 1
        clocking = loop.call_soon(clock)

    clocking = loop.call_soon(clock)
    monkeypatch.setattr(PreparedProtocol, "_handle", count)
    try:
        raw = await Raw.connect(limited.url)
        if "fragments" in kind:
            raw.writer.write(masked(Opcode.TEXT, b"", fin=False))
        await pour(raw, KINDS[kind], 20_000)
        await dropped(raw)
        raw.writer.close()
    finally:
        clocking.cancel()
    assert 0 < max(handled.values()) <= 32
    # Told once, and dropped when as many came again.
    assert sum(handled.values()) <= 3000


async def test_pings_within_the_limit_are_answered(limited: Server) -> None:
    raw = await Raw.connect(limited.url)
    for number in range(300):
        raw.writer.write(masked(Opcode.PING, str(number).encode()))
    assert [await raw.frame() for _ in range(300)] == [
        (0x8A, str(number).encode()) for number in range(300)
    ]
    raw.writer.close()


async def test_a_flood_of_control_frames_gets_an_error_before_it_is_dropped(
    limited: Server,
) -> None:
    raw = await Raw.connect(limited.url)
    raw.writer.write(masked(Opcode.PONG, b"") * 600)
    assert (await raw.text())["code"] == "too_fast"
    first, payload = await raw.frame()
    assert (first, int.from_bytes(payload[:2], "big")) == (0x88, 4429)
    raw.writer.close()


async def test_answers_that_a_client_does_not_read_take_bounded_memory(gates: Gates) -> None:
    async with serving(make_engine(states(gates), setup())) as server:
        raw = await Raw.connect(server.url)
        cast("asyncio.Transport", raw.writer.transport).pause_reading()
        ping = masked(Opcode.PING, b"x" * 125)
        for _ in range(300):
            raw.writer.write(ping * 200)
            await raw.writer.drain()
        (protocol,) = server.uvicorn.server_state.connections
        transport = cast("PreparedProtocol", protocol).transport
        assert transport.get_write_buffer_size() < 2**18
        raw.writer.transport.abort()

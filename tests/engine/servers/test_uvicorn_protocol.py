"""The protocol class reads all valid input of clients, in any pieces."""

import asyncio
import json
import random
import struct
from collections.abc import AsyncGenerator

import pytest
from duplex.wire.entries import Frame as Prepared
from websockets.frames import Frame, Opcode

from tests.engine.raw import Raw, dial, masked
from tests.engine.states import Gates, states
from tests.engine.support import PATIENCE, Server, make_engine, serving, setup


@pytest.fixture(scope="module")
async def running(gates: Gates) -> AsyncGenerator[Server]:
    async with serving(make_engine(states(gates), setup(max_frame=300_000))) as server:
        yield server


def say(text: str) -> bytes:
    return json.dumps({"state": "whisper", "data": {"text": text}}).encode()


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 100_000])
async def test_frames_may_arrive_in_pieces(running: Server, piece: int) -> None:
    raw = await Raw.connect(running.url)
    stream = b"".join(
        [
            masked(Opcode.TEXT, b"{}"),
            masked(Opcode.TEXT, say("short")),
            masked(Opcode.PING, b"hi"),
            masked(Opcode.TEXT, say("m" * 1000)),
            masked(Opcode.TEXT, say("cut")[:10], fin=False),
            masked(Opcode.PING, b""),
            masked(Opcode.CONT, say("cut")[10:]),
            masked(Opcode.TEXT, say("l" * 70_000 if piece > 3 else "s")),
            masked(Opcode.TEXT, say("last")),
        ]
    )
    for start in range(0, len(stream), piece):
        raw.writer.write(stream[start : start + piece])
        if piece > 1 or start % 50 == 0:
            await asyncio.sleep(0)
    texts: list[int] = []
    pongs = 0
    while len(texts) < 5 or pongs < 2:
        first, payload = await raw.frame()
        if first == 0x8A:
            pongs += 1
            continue
        assert first == 0x81
        frame = json.loads(payload)
        if frame["state"] == "whisper":
            texts.append(len(frame["data"]["text"]))
    assert texts == [5, 1000, 3, 70_000 if piece > 3 else 1, 4]
    raw.writer.close()


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"\x81\x02{}", 1002),
        (b"\x83\x80\x00\x00\x00\x00", 1002),
        (b"\xc1\x80\x00\x00\x00\x00", 1002),
        (masked(Opcode.CONT, b"x"), 1002),
        (masked(Opcode.TEXT, b"\xff\xfe"), 1007),
        (b"\x81\xff" + struct.pack("!Q", 10_000_000) + b"\x00" * 10, 1009),
        (masked(Opcode.TEXT, b"{", fin=False) + masked(Opcode.TEXT, b"{}"), 1002),
        (masked(Opcode.TEXT, b"{", fin=False) + masked(Opcode.BINARY, b"}"), 1002),
        (masked(Opcode.TEXT, b"\xc3", fin=False) + masked(Opcode.CONT, b"("), 1007),
        (
            masked(Opcode.TEXT, b"x" * 400_000, fin=False) + masked(Opcode.CONT, b"x" * 400_000),
            1009,
        ),
        (b"\x09\x81\x00\x00\x00\x00x", 1002),
        (b"\x89\xfe" + struct.pack("!H", 126) + b"\x00" * 130, 1002),
        (b"\x88\x81\x00\x00\x00\x00x", 1002),
        (b"\x88\x83\x00\x00\x00\x00\x03\xe8\xff", 1007),
    ],
    ids=[
        "unmasked",
        "unknown opcode",
        "reserved bit",
        "no beginning",
        "no UTF-8",
        "too big",
        "text inside a message",
        "binary inside a message",
        "no UTF-8 in fragments",
        "too big in fragments",
        "ping in fragments",
        "long ping",
        "close of one byte",
        "close reason no UTF-8",
    ],
)
async def test_protocol_violations_are_closed_with_their_code(
    running: Server, stream: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await Raw.connect(running.url)
    raw.writer.write(masked(Opcode.TEXT, b"{}") + stream)
    while True:
        first, payload = await raw.frame()
        if first == 0x88:
            break
    assert struct.unpack("!H", payload[:2])[0] == code
    assert caplog.records == []
    raw.writer.close()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 70_000])
def test_a_prepared_frame_equals_that_of_a_websocket_library(size: int) -> None:
    payload = random.Random(size).randbytes(size).hex()[:size].encode()
    frame = Prepared(payload)
    assert frame.framed() == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert frame.decoded().encode() == payload


@pytest.mark.parametrize(
    "header",
    ["Content-Length: 2", "Transfer-Encoding: chunked", "Sec-WebSocket-Protocol: \x01"],
)
async def test_an_invalid_handshake_is_answered_and_its_connection_ends(
    running: Server, header: str
) -> None:
    connections = running.uvicorn.server_state.connections
    before = set(connections)
    reader, writer = await dial(running.url, header)
    writer.write(b"{}")
    assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    assert b"valid" in await reader.read()
    writer.close()
    async with asyncio.timeout(PATIENCE):
        while connections - before:
            await asyncio.sleep(0)

"""Thousands of bad frames cause no crash and no leak, and other clients are served."""

import asyncio
import gc
import json
import logging
import os
import struct
from collections.abc import AsyncGenerator
from contextlib import suppress
from random import Random, SystemRandom

import psutil
import pytest
from websockets.frames import Opcode

from tests.engine.states import Gates, states
from tests.engine.support import PATH, PATIENCE, Client, Server, make_engine, serving, setup

FRAMES = int(os.environ.get("DUPLEX_RANDOM_FRAMES", "2000"))
"""Frames sent in one run; 100000 for a long one."""

SEED = int(os.environ.get("DUPLEX_RANDOM_SEED") or SystemRandom().randrange(10**9))
"""Printed when the test fails; given again it sends the same frames."""

BATCH = 40
"""Frames sent in a row before the answers are looked at."""

GROWTH = 24 << 20
"""Bytes by which the process may have grown at the end."""

VALID: list[dict[str, object]] = [
    {"state": "say", "data": {"text": "a word"}, "id": "1"},
    {"state": "whisper", "data": {"text": "\u00e9\U0001f600"}},
    {"state": "count", "data": {"upto": 2}, "id": "stream"},
    {"state": "nothing"},
    {"state": "ping", "id": "p"},
    {"state": "cancel", "data": {"id": "stream"}},
    {"state": "authenticate", "data": {"token": "bad"}},
    {"token": None, "session": "noise", "name": "Noise"},
]
WRONG: list[object] = [None, True, 0, -1, 1e308, "", "x" * 200, [], [[]], {}, {"state": "say"}]


def encoded(opcode: int, payload: bytes, chance: Random, *, fin: bool = True) -> bytes:
    """A masked client frame with any opcode."""
    size, mask = len(payload), chance.randbytes(4)
    head = bytes([opcode | (0x80 if fin else 0)])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += b"\xfe" + struct.pack("!H", size)
    else:
        head += b"\xff" + struct.pack("!Q", size)
    repeated = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return head + mask + masked.to_bytes(size, "big")


def mutated(chance: Random) -> bytes:
    """A valid frame with some of its bytes changed, taken out, doubled or cut off."""
    text = bytearray(json.dumps(chance.choice(VALID)).encode())
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(text)) if text else 0
        what = chance.randrange(4)
        if what == 0:
            text[at : at + 1] = chance.randbytes(1)
        elif what == 1:
            del text[at : at + chance.randrange(1, 6)]
        elif what == 2:
            text[at:at] = text[at : at + chance.randrange(1, 9)]
        else:
            del text[at + chance.randrange(1, 40) :]
    return bytes(text)


def mistyped(chance: Random) -> bytes:
    """A well-formed frame whose fields have wrong types."""
    frame = dict(chance.choice(VALID))
    frame[chance.choice(["state", "data", "id", "more"])] = chance.choice(WRONG)
    return json.dumps(frame).encode()


def bad_frame(chance: Random) -> bytes:
    """Bytes for the wire: one frame, or the pieces of one. Few of them end the connection."""
    kind = chance.choices(
        ["mutated", "mistyped", "fragments", "control", "binary", "text", "huge", "reserved"],
        [40, 30, 10, 8, 5, 5, 1, 1],
    )[0]
    if kind == "mutated":
        # Invalid UTF-8 ends a connection; most frames should get further.
        text = mutated(chance)
        if chance.random() > 0.02:
            text = text.decode(errors="replace").encode()
        return encoded(Opcode.TEXT, text, chance)
    if kind == "mistyped":
        return encoded(Opcode.TEXT, mistyped(chance), chance)
    if kind == "fragments":
        text = mistyped(chance)
        cut = chance.randrange(len(text) + 1)
        first = encoded(Opcode.TEXT, text[:cut], chance, fin=False)
        between = encoded(Opcode.PING, b"between", chance)
        return first + between + encoded(Opcode.CONT, text[cut:], chance)
    if kind == "control":
        size = chance.choice([0, 1, 125, 125, 125])
        return encoded(chance.choice([Opcode.PING, Opcode.PONG]), chance.randbytes(size), chance)
    if kind == "binary":
        return encoded(Opcode.BINARY, chance.randbytes(chance.randrange(300)), chance)
    if kind == "text":
        text = "".join(chr(chance.choice([9, 34, 92, 123, 125, 0, 955])) for _ in range(30))
        return encoded(Opcode.TEXT, text.encode(), chance)
    if kind == "huge":
        return encoded(Opcode.TEXT, b'"' + b"x" * chance.choice([70_000, 140_000]), chance)
    return encoded(chance.choice([3, 7, 11, Opcode.CONT, Opcode.CLOSE]), b"?", chance)


class Noise:
    """A connection that sends arbitrary frames and checks the replies."""

    def __init__(self, url: str, chance: Random) -> None:
        self._host, _, port = url.split("/")[2].partition(":")
        self._port = int(port)
        self._chance = chance

    async def send(self, count: int) -> int:
        """Send so many bad frames on a new connection, fewer if it is ended; how many were."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(
                f"GET {PATH} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            await reader.readuntil(b"\r\n\r\n")
            if self._chance.random() < 0.9:
                self._write(writer, b'{"session":"noise","name":"Noise"}')
            sent = 0
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while sent < count:
                    for _ in range(BATCH):
                        writer.write(bad_frame(self._chance))
                        sent += 1
                    self._write(writer, b'{"state":"ping","id":"batch"}')
                    await self._answers(reader)
            return sent
        finally:
            writer.transport.abort()

    def _write(self, writer: asyncio.StreamWriter, text: bytes) -> None:
        writer.write(encoded(Opcode.TEXT, text, self._chance))

    async def _answers(self, reader: asyncio.StreamReader) -> None:
        """All answers to a batch. Raises an error of the connection where it ends."""
        async with asyncio.timeout(PATIENCE):
            while True:
                first, size = await reader.readexactly(2)
                if size >= 126:
                    wide = await reader.readexactly(2 if size == 126 else 8)
                    size = int.from_bytes(wide, "big")
                payload = await reader.readexactly(size)
                if first == 0x80 | Opcode.CLOSE:
                    raise ConnectionResetError
                if first != 0x80 | Opcode.TEXT:
                    continue
                frame = json.loads(payload)
                assert frame.get("code") != "internal", frame
                if frame == {"state": "pong", "data": None, "id": "batch"}:
                    return


@pytest.fixture(params=["prepared", "asgi"])
async def noisy(request: pytest.FixtureRequest, gates: Gates) -> AsyncGenerator[Server]:
    """A server that soon forgets absent participants."""
    settings = setup(replay_seconds=0.5)
    async with serving(
        make_engine(states(gates), settings), prepared=request.param == "prepared"
    ) as running:
        yield running


async def served(client: Client, number: int) -> None:
    """The good client asks for something and gets it."""
    reply = await client.reply("whisper", {"text": str(number)})
    assert reply["data"] == {"text": str(number)}


async def test_random_frames_break_nothing_leak_nothing_and_delay_nobody(
    noisy: Server, caplog: pytest.LogCaptureFixture
) -> None:
    print(f"again: DUPLEX_RANDOM_SEED={SEED}")
    chance, process = Random(SEED), psutil.Process()
    good = await noisy.client()
    noise = Noise(noisy.url, chance)
    # Memory that is allocated once must exist before the measurement.
    await noise.send(2 * BATCH)
    await alone(noisy, good)
    tasks, memory = len(asyncio.all_tasks()), process.memory_info().rss
    sent = connections = 0
    # Each way of writing gets half.
    while sent < FRAMES // 2:
        sent += await noise.send(min(500, FRAMES // 2 - sent))
        connections += 1
        await served(good, sent)
    await alone(noisy, good)
    gc.collect()
    grown = process.memory_info().rss - memory
    print(f"{sent} frames, {connections} connections, {memory >> 20} MiB and {grown >> 10} KiB")
    # The task of the last connection ends a little after the engine has forgotten it.
    async with asyncio.timeout(PATIENCE):
        while len(asyncio.all_tasks()) > tasks:
            await good.quiet()
    assert grown < GROWTH
    errors = [one for one in caplog.records if one.levelno >= logging.ERROR]
    # The server's own complaints, of broken UTF-8 for example, are no bug.
    assert [one.getMessage() for one in errors if one.name.startswith(("duplex", "asyncio"))] == []
    await good.close()


async def alone(server: Server, good: Client) -> None:
    """Wait until the good client is the only one, and its own session the only room."""
    async with asyncio.timeout(PATIENCE):
        while len(server.engine.sockets) > 1 or len(server.engine.rooms) > 1:
            await good.quiet()
    assert server.engine.sockets.limits.connections == 1

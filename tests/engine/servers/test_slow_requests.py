"""HTTP connections whose request does not arrive are closed, so that they use up no open files."""

import asyncio
import gc
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
import uvicorn
from duplex import server
from duplex.server import ServerConfig
from duplex.socket.uvicorn_protocol import PreparedProtocol
from starlette.types import Receive, Scope, Send

from tests.engine.support import PATIENCE
from tools.source import ROOT

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
UPLOAD = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 6\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT = b"\x81\x82\0\0\0\0hi"

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body; on a WebSocket, with the first text."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def config(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ServerConfig]:
    """A running server; `port` is its port."""
    monkeypatch.setattr(server, "INCOMPLETE", 5)
    threshold = gc.get_threshold()
    made = ServerConfig(echo, ws=PreparedProtocol, lifespan="off", log_level="critical")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.port = listening.getsockname()[1]
        running = uvicorn.Server(made)
        serving = asyncio.create_task(running.serve(sockets=[listening]))
        try:
            writer = await dial(made)
            assert await answered(writer, REQUEST) == b""
            writer[1].close()
            yield made
        finally:
            for connection in list(running.server_state.connections):
                connection.transport.abort()
            running.should_exit = running.force_exit = True
            await serving
            gc.set_threshold(*threshold)
            gc.unfreeze()


async def dial(config: ServerConfig) -> Stream:
    return await asyncio.open_connection("127.0.0.1", config.port)


async def answered(stream: Stream, request: bytes) -> bytes:
    """The body of the response."""
    reader, writer = stream
    writer.write(request)
    async with asyncio.timeout(PATIENCE):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return await reader.readexactly(length)


async def is_closed(stream: Stream) -> bool:
    """Waits until the server has closed the connection."""
    async with asyncio.timeout(PATIENCE):
        try:
            return await stream[0].read() == b""
        except ConnectionResetError:
            return True


@pytest.mark.parametrize(
    "sent", [b"", REQUEST[:20], UPLOAD, UPLOAD + b"abc"], ids=["nothing", "head", "body", "part"]
)
async def test_a_request_that_does_not_arrive_is_given_up(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(server, "REQUEST_PATIENCE", 0.2)
    stream = await dial(config)
    stream[1].write(sent)
    assert await is_closed(stream)
    assert not config.incomplete


async def test_the_rest_of_a_later_request_is_waited_for_no_longer(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_PATIENCE", 0.2)
    stream = await dial(config)
    assert await answered(stream, REQUEST) == b""
    stream[1].write(REQUEST[:20])
    assert await is_closed(stream)


async def test_the_oldest_connection_without_a_request_gives_way(config: ServerConfig) -> None:
    streams = [await dial(config) for _ in range(6)]
    assert await is_closed(streams[0])
    for stream in streams[1:]:
        assert await answered(stream, REQUEST) == b""
    assert not config.incomplete


async def test_requests_that_arrive_and_web_sockets_are_left_alone(config: ServerConfig) -> None:
    uploading, upgraded = await dial(config), await dial(config)
    assert await answered(uploading, UPLOAD + b"abcdef") == b"abcdef"
    upgraded[1].write(UPGRADE)
    head = await upgraded[0].readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101")
    assert not config.incomplete
    # Later ones do not push them out.
    for _ in range(7):
        await dial(config)
    upgraded[1].write(TEXT)
    async with asyncio.timeout(PATIENCE):
        assert await upgraded[0].readexactly(4) == b"\x81\x02hi"


LIMITS = """
import logging, resource
from duplex.server import allow_open_files
logging.basicConfig(format="%(message)s")
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 600))
for wanted in (100, 500, 1000):
    allow_open_files(wanted)
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_as_many_open_files_as_needed_are_allowed() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 600
    told = subprocess.run(
        [sys.executable, "-c", LIMITS],
        env={"PYTHONPATH": str(ROOT / "template/backend")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["128", "500", "600"]
    assert told.stderr == "The system allows 600 open files; 1000 would be needed.\n"

"""HTTP connections whose request does not arrive are closed, so that they use up no open files."""

import asyncio
import gc
import resource
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
import uvicorn
from duplex.options import Rate
from duplex.server import ServerConfig
from duplex.socket.rates import Bucket
from duplex.socket.uvicorn_protocol import PreparedProtocol
from duplex.web import http_protocol
from duplex.web.http_protocol import PromptRequests
from starlette.types import Receive, Scope, Send

from tests.engine.support import PATIENCE
from tools.source import ROOT

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
UPLOAD = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 6\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
EXPECT = b"\r\nExpect: 100-continue\r\n\r\n"
TEXT = b"\x81\x82\0\0\0\0hi"

PART = b"x" * 65536
LONG = 256 * len(PART)
"""More than the system's buffers hold for a client that reads nothing."""
BUSY = asyncio.Event()
"""The application takes bodies of /busy, and answers /late, when this is set."""

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body; on a WebSocket, with the first text."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        return
    if scope["path"] == "/long":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(LONG // len(PART)):
            await send({"type": "http.response.body", "body": PART, "more_body": True})
        await send({"type": "http.response.body"})
        return
    if scope["path"] in ("/busy", "/late"):
        await BUSY.wait()
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
    monkeypatch.setattr(http_protocol, "INCOMPLETE", 5)
    monkeypatch.setattr(f"{__name__}.BUSY", asyncio.Event())
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


async def dial(config: ServerConfig, address: str = "127.0.0.1") -> Stream:
    """Connect from this address."""
    return await asyncio.open_connection("127.0.0.1", config.port, local_addr=(address, 0))


async def answered(stream: Stream, request: bytes) -> bytes:
    """The body of the response."""
    reader, writer = stream
    writer.write(request)
    async with asyncio.timeout(PATIENCE):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return await reader.readexactly(length)


async def patience_is_over(config: ServerConfig) -> None:
    """Waits until the server has given up a request that began after all others."""
    later = await dial(config)
    later[1].write(REQUEST[:20])
    assert await is_closed(later)


class Clock:
    """A loop for one connection whose time passes in the test alone."""

    def __init__(self, connection: PromptRequests) -> None:
        self._loop = connection.loop
        self._now = self._loop.time()
        self._due: dict[asyncio.TimerHandle, Callable[[], None]] = {}
        connection.loop = cast("asyncio.AbstractEventLoop", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, call, (), self._loop)
        self._due[timer] = call
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass, and call what is due by then."""
        self._now += seconds
        for timer in [timer for timer in self._due if timer.when() <= self._now]:
            call = self._due.pop(timer)
            if not timer.cancelled():
                call()


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
    monkeypatch.setattr(http_protocol, "REQUEST_PATIENCE", 0.2)
    stream = await dial(config)
    stream[1].write(sent)
    assert await is_closed(stream)
    assert not config.incomplete


async def test_the_rest_of_a_later_request_is_waited_for_no_longer(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await dial(config)
    monkeypatch.setattr(http_protocol, "REQUEST_PATIENCE", 0.2)
    assert await answered(stream, REQUEST) == b""
    stream[1].write(REQUEST[:20])
    assert await is_closed(stream)


async def test_the_oldest_connection_without_a_request_gives_way(config: ServerConfig) -> None:
    streams = [await dial(config) for _ in range(6)]
    assert await is_closed(streams[0])
    for stream in streams[1:]:
        assert await answered(stream, REQUEST) == b""
    assert not config.incomplete


async def test_connections_of_the_address_with_most_of_them_give_way(
    config: ServerConfig,
) -> None:
    other = await dial(config, "127.0.0.2")
    other[1].write(REQUEST[:20])
    streams = [await dial(config) for _ in range(10)]
    for stream in streams[:6]:
        assert await is_closed(stream)
    assert await answered(other, REQUEST[20:]) == b""


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


async def trickle(stream: Stream, parts: int, size: int, pause: float) -> None:
    """Send a body part by part."""
    for _ in range(parts):
        stream[1].write(b"x" * size)
        await asyncio.sleep(pause)


async def test_a_body_that_arrives_too_slowly_is_given_up_however_often_something_comes(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "REQUEST_PATIENCE", 0.3)
    stream = await dial(config)
    stream[1].write(UPLOAD.replace(b"6", b"9999"))
    sending = asyncio.create_task(trickle(stream, 1000, 1, 0.05))
    assert await is_closed(stream)
    sending.cancel()
    assert not config.incomplete


async def test_a_slow_body_that_arrives_fast_enough_is_taken(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "REQUEST_PATIENCE", 2.0)
    monkeypatch.setattr(http_protocol, "LOWEST_RATE", 20)
    stream = await dial(config)
    stream[1].write(UPLOAD.replace(b"POST /", b"POST /busy").replace(b"6", b"150"))
    async with asyncio.timeout(PATIENCE):
        while not config.incomplete:
            await asyncio.sleep(0)
        connection = config.incomplete.quietest()
        clock = Clock(connection)
        # Above the lowest rate, and longer than the patience.
        for arrived in range(10, 150, 10):
            stream[1].write(b"x" * 10)
            while connection.cycle is None or len(connection.cycle.body) < arrived:
                await asyncio.sleep(0)
            clock.advance(0.4)
    BUSY.set()
    assert await answered(stream, b"x" * 10) == b"x" * 150
    assert not config.incomplete


async def test_a_body_that_waits_for_the_application_is_not_late(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server stops to read this one, and asks for the other one only when it is wanted.
    long, invited = await dial(config), await dial(config)
    monkeypatch.setattr(http_protocol, "REQUEST_PATIENCE", 0.2)
    body = PART * 8
    long[1].write(
        b"POST /busy HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    invited[1].write(UPLOAD.replace(b"POST /", b"POST /busy").replace(b"\r\n\r\n", EXPECT))
    await patience_is_over(config)
    BUSY.set()
    assert await answered(long, b"") == body
    async with asyncio.timeout(PATIENCE):
        assert await invited[0].readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert await answered(invited, b"abcdef") == b"abcdef"
    assert not config.incomplete


async def test_a_pipelined_request_has_its_own_time_limit(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await dial(config)
    monkeypatch.setattr(http_protocol, "REQUEST_PATIENCE", 0.2)
    assert await answered(stream, REQUEST + REQUEST.replace(b"/ ", b"/late ")) == b""
    await patience_is_over(config)
    BUSY.set()
    assert await answered(stream, b"") == b""
    assert not config.incomplete


async def get_long(config: ServerConfig) -> Stream:
    """A client that asks for much and has read the beginning."""
    stream = await asyncio.open_connection("127.0.0.1", config.port, limit=1024)
    stream[1].write(REQUEST.replace(b"/ ", b"/long "))
    async with asyncio.timeout(PATIENCE):
        await stream[0].readuntil(b"\r\n\r\n")
    return stream


CHUNKED = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_body_in_tiny_parts_arrives_whole(config: ServerConfig) -> None:
    stream = await dial(config)
    parts = b"".join(b"1\r\n%c\r\n" % (97 + number % 26) for number in range(5_000))
    body = await answered(stream, CHUNKED + parts + b"0\r\n\r\n")
    assert body == bytes(97 + number % 26 for number in range(5_000))
    # The connection is as good as before.
    assert await answered(stream, REQUEST) == b""
    assert not config.incomplete


async def test_only_so_many_parts_of_bodies_are_parsed_in_a_while(config: ServerConfig) -> None:
    config.parts = Bucket(Rate(64, 3600.0), time.monotonic())
    flood = await dial(config)
    flood[1].write(CHUNKED + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
    await flood[1].drain()
    # Everybody else goes on.
    assert await answered(await dial(config), REQUEST) == b""
    assert await answered(await dial(config), UPLOAD + b"abcdef") == b"abcdef"
    assert len(config.incomplete) == 1
    waiting = config.incomplete.quietest()
    assert waiting.cycle.more_body
    assert len(waiting.cycle.body) <= 2 * http_protocol.PARTS_AT_ONCE


async def nothing_waits(config: ServerConfig) -> None:
    """The server looks again at its next timer."""
    while config.incomplete:
        await asyncio.sleep(0.05)


async def test_a_client_that_does_not_read_its_response_is_given_up(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "RESPONSE_PATIENCE", 0.5)
    stream = await get_long(config)
    connection = config.incomplete.quietest()
    async with asyncio.timeout(PATIENCE):
        await nothing_waits(config)
    assert connection.transport.is_closing()
    stream[1].close()


async def test_a_client_that_reads_slowly_gets_its_whole_response(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "RESPONSE_PATIENCE", 1.0)
    stream = await get_long(config)
    read = 0
    async with asyncio.timeout(PATIENCE):
        while read < LONG:
            read += len(await stream[0].read(LONG // 20))
            await asyncio.sleep(0.1 if read < LONG // 3 else 0)
        await nothing_waits(config)
    stream[1].close()


async def test_connections_that_are_quiet_give_way_where_open_files_are_few(
    config: ServerConfig,
) -> None:
    quiet = [await dial(config) for _ in range(3)]
    config.most_files = 6
    assert await answered(await dial(config), REQUEST) == b""
    assert await is_closed(quiet[0])
    assert await answered(quiet[1], REQUEST) == b""


async def test_web_sockets_do_not_give_way_where_open_files_are_few(config: ServerConfig) -> None:
    upgraded = await dial(config)
    upgraded[1].write(UPGRADE)
    assert (await upgraded[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    config.most_files = 1
    assert await is_closed(await dial(config))
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

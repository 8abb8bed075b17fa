"""Real servers of the application on one broker and one database, which tests kill and restart."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

from duplex import Settings
from duplex_dev.machine.temporary import Server
from duplex_dev.testing.network import Proxy

QUICK = {
    "SESSION_HEARTBEAT": "1",
    "SESSION_WRITE_TIMEOUT": "2",
    "SESSION_DRAIN": "1",
    "SESSION_RATE": "100000/s",
    "SESSION_MAX_PER_USER": "0",
    "SESSION_MAX_PER_ADDRESS": "0",
}
"""Settings that shorten what takes long in production, without limits that participants meet."""


class Servers:
    """The servers, each behind a network of its own that can fail."""

    def __init__(self, servers: list[Server], networks: list[Proxy]) -> None:
        self.all = servers
        self.networks = networks

    def anywhere(self, chance: Random) -> Callable[[], str]:
        """Addresses as a load balancer gives them, which does not know who was killed."""
        return lambda: f"ws://127.0.0.1:{chance.choice(self.networks).port}/api/v1/socket"

    async def kill(self, server: Server) -> None:
        """End one as a crash would."""
        await asyncio.to_thread(server.kill)

    async def stop(self, server: Server) -> None:
        """End one in good order: it sends its participants away first."""
        await asyncio.to_thread(server.stop)

    async def start(self, server: Server) -> None:
        """Start it again on its port."""
        await asyncio.to_thread(server.start)

    def tracebacks(self) -> list[str]:
        """What the servers wrote about bugs."""
        texts = [one.log.read_text(encoding="utf-8", errors="replace") for one in self.all]
        return [text for text in texts if "Traceback" in text]


@asynccontextmanager
async def serving(
    count: int, settings: Settings, folder: Path, broker_url: str
) -> AsyncGenerator[Servers]:
    """So many servers, which use the database and the secrets of these settings."""
    environment = QUICK | {
        "BROKER_URL": broker_url,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": ",".join(settings.secret_keys),
    }
    async with AsyncExitStack() as stack:
        servers: list[Server] = []
        networks: list[Proxy] = []
        for number in range(count):
            place = folder / f"server-{number}"
            place.mkdir()
            server = Server(place, environment)
            stack.push_async_callback(asyncio.to_thread, server.stop)
            network = Proxy(int(server.url.rpartition(":")[2]))
            await network.start()
            stack.push_async_callback(network.stop)
            servers.append(server)
            networks.append(network)
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        yield Servers(servers, networks)

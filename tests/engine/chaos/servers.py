"""Servers inside the test's own process: quick to start, and their engines can be looked at."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TypedDict

from duplex.brokers.base import Broker
from duplex.brokers.memory.broker import MemoryBroker
from duplex.brokers.redis.broker import RedisBroker
from duplex.web.application import retention_of
from duplex_dev.testing.network import Proxy

from tests.engine.brokers.support import UNGATHERED
from tests.engine.chaos.states import states
from tests.engine.support import PATH, Server, Setup, make_engine, serving


class Waits(TypedDict, total=False):
    """Seconds that the Redis broker waits."""

    timeout: float
    lease: float


QUICK: Waits = {"timeout": 0.5, "lease": 1.5}
"""For servers that should detect soon that their store does not answer."""


@dataclass
class Place:
    """One server, the network in front of it, and the one between it and its store."""

    server: Server
    network: Proxy
    store: Proxy | None = None

    @property
    def url(self) -> str:
        """Its socket, through the network."""
        return f"ws://127.0.0.1:{self.network.port}{PATH}"


@asynccontextmanager
async def places(
    count: int, settings: Setup, store_port: int | None, waits: Waits
) -> AsyncGenerator[list[Place]]:
    """So many servers on one store, each with networks of its own; without a store in memory.

    `waits` are options of the Redis broker.
    """
    found: list[Place] = []
    retention = retention_of(settings.options)
    async with AsyncExitStack() as stack:
        for _ in range(count):
            store = None
            broker: Broker = MemoryBroker(retention, UNGATHERED)
            if store_port is not None:
                store = Proxy(store_port)
                await store.start()
                stack.push_async_callback(store.stop)
                broker = RedisBroker(store.url, retention, UNGATHERED, **waits)
            engine = make_engine(states(), settings, broker=broker)
            server = await stack.enter_async_context(serving(engine))
            network = Proxy(int(server.url.split(":")[2].split("/")[0]))
            await network.start()
            stack.push_async_callback(network.stop)
            found.append(Place(server, network, store))
        yield found


def anywhere(found: list[Place], chance: Random) -> Callable[[], str]:
    """Choose a server at random, as a load balancer does; through its network."""
    return lambda: chance.choice(found).url


def directly(found: list[Place], chance: Random) -> Callable[[], str]:
    """Choose a server at random, without the network in front of it."""
    return lambda: chance.choice(found).server.url

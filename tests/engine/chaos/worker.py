"""A server process of the chaos tests: the engine with their states, behind a real uvicorn.

Run as `python -m tests.engine.chaos.worker SETTINGS`, where SETTINGS is a JSON object of
`tests.engine.support.setup`. Prints its port when it serves; SIGTERM drains it.
"""

import json
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from duplex import Model, Registry
from duplex.brokers.base import Broker
from duplex.brokers.memory.broker import MemoryBroker
from duplex.brokers.redis.broker import RedisBroker
from duplex.requests.session import Transaction
from duplex.server import logging_config
from duplex.socket.uvicorn_protocol import PreparedProtocol
from duplex.web.application import retention_of
from starlette.applications import Starlette

from tests.engine.brokers.support import UNGATHERED
from tests.engine.chaos.states import states
from tests.engine.support import PATH, Notes, Setup, make_engine, no_database, setup

LEASE = 1.5
"""Seconds after which the others take a killed worker for dead."""


def main(
    settings: Setup,
    registry: Registry,
    document: type[Model] = Notes,
    transaction: Transaction = no_database,
) -> None:
    """Serve until SIGTERM."""
    retention = retention_of(settings.options)
    if settings.broker_url == "memory://":
        broker: Broker = MemoryBroker(retention, UNGATHERED)
    else:
        broker = RedisBroker(settings.broker_url, retention, UNGATHERED, lease=LEASE)
    engine = make_engine(
        registry, settings, broker=broker, document=document, transaction=transaction
    )
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        await engine.start()
        print(listener.getsockname()[1], flush=True)
        yield
        await engine.stop()

    app = Starlette(middleware=[engine.middleware(PATH)], lifespan=lifespan)
    config = uvicorn.Config(
        app,
        ws=PreparedProtocol,
        ws_per_message_deflate=False,
        ws_max_size=2 * settings.options.max_frame,
        log_config=logging_config(),
        log_level="info",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(setup(**json.loads(sys.argv[1])), states())

"""A server process of the chaos tests: the engine with their states, behind a real uvicorn.

Run as `python -m tests.chaos.worker SETTINGS`, where SETTINGS is a JSON object of
`tests.session.support.Settings`. Prints its port when it serves; SIGTERM drains it.
"""

import json
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from unittest import mock

import uvicorn
from starlette.applications import Starlette

from app.session import broker_redis
from app.session.server import logging_config
from app.session.uvicorn_protocol import PreparedProtocol
from tests.chaos.states import states
from tests.session.support import PATH, Settings, make_engine

LEASE = 1.5
"""Seconds after which the others take a killed worker for dead."""


def main(settings: Settings) -> None:
    """Serve until SIGTERM."""
    leased = partial(broker_redis.RedisBroker, lease=LEASE)
    with mock.patch.object(broker_redis, "RedisBroker", leased):
        engine = make_engine(states(), settings)
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
        ws_max_size=2 * settings.session_max_frame,
        log_config=logging_config(),
        log_level="info",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(Settings(**json.loads(sys.argv[1])))

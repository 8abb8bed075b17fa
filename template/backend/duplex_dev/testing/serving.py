"""The application in the test's own process: behind a real server, or asked without one."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from duplex.socket.uvicorn_protocol import PreparedProtocol

ORIGIN = "http://test"
"""Where the page of `new_client` comes from."""


@asynccontextmanager
async def serve(app: FastAPI) -> AsyncGenerator[str]:
    """Run a real server on a free loopback port; gives its `host:port`."""
    config = uvicorn.Config(
        app, ws=PreparedProtocol, ws_per_message_deflate=False, log_level="warning"
    )
    running = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Connections wait in the socket's queue until the server takes them.
        task = asyncio.create_task(running.serve(sockets=[listening]))
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            await task


def new_client(app: FastAPI) -> httpx.AsyncClient:
    """A browser without a window: it keeps cookies of its own and names the page's origin.

    `app` must have been started (fixture `app`).
    """

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(app.state.lifespan)}, receive, send)

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(with_state), base_url=ORIGIN, headers={"Origin": ORIGIN}
    )

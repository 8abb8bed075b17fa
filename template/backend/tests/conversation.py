"""A plain client of the session protocol: what a test says and hears over a real WebSocket."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 5.0
"""Seconds after which a frame that did not come is a failure."""


class Conversation:
    """One participant's side of a session."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.initialised: dict[str, Any] = {}

    async def send(self, state: str, data: dict[str, Any] | None = None) -> None:
        """Send one request."""
        await self._socket.send(json.dumps({"state": state, "data": data or {}}))

    async def send_raw(self, frame: dict[str, Any]) -> None:
        """Send one frame as it is."""
        await self._socket.send(json.dumps(frame))

    async def receive(self, state: str) -> dict[str, Any]:
        """The next frame of this state; frames of other states before it are passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: dict[str, Any] = json.loads(await self._socket.recv())
                if frame["state"] == state:
                    return frame

    async def closed(self) -> int:
        """The code that the server closes with; frames before it are passed over."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self._socket.recv()
            except ConnectionClosed:
                return self._socket.close_code or 0


@asynccontextmanager
async def converse(server: str, **hello: Any) -> AsyncGenerator[Conversation]:
    """Connect, say hello and wait for `initialised`."""
    async with connect(f"ws://{server}/api/v1/socket", compression=None) as socket:
        conversation = Conversation(socket)
        await conversation.send_raw(hello)
        conversation.initialised = (await conversation.receive("initialised"))["data"]
        yield conversation

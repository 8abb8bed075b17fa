"""One participant of a session in a test, over a real WebSocket."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from duplex_dev.testing.people import Person

PATIENCE = 30.0
"""Seconds after which a frame that did not come is a failure; never waited when all is well."""

Frame = dict[str, Any]


class Conversation:
    """What one participant sends and receives. `initialised` is the server's first answer."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.initialised: Frame = {}
        self.person = Person()

    async def send(self, state: str, data: Frame | None = None, **more: Any) -> None:
        """Send one request; `more` are other fields of the frame, such as `id`."""
        await self.send_raw({"state": state, "data": data or {}, **more})

    async def send_raw(self, frame: Frame) -> None:
        """Send one frame as it is."""
        await self._socket.send(json.dumps(frame))

    async def receive(self, state: str) -> Frame:
        """The next frame of this state; frames of other states before it are skipped."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: Frame = json.loads(await self._socket.recv())
                if frame["state"] == state:
                    return frame

    async def ask(self, state: str, data: Frame | None = None) -> Frame:
        """Send one request and wait for its reply, or for the error."""
        await self.send(state, data, id="asked")
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: Frame = json.loads(await self._socket.recv())
                if frame.get("id") == "asked" and not frame.get("more"):
                    return frame

    async def closed(self) -> int:
        """Wait for the end of the connection; its close code."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self._socket.recv()
            except ConnectionClosed:
                return self._socket.close_code or 0


@asynccontextmanager
async def converse(server: str, **hello: Any) -> AsyncGenerator[Conversation]:
    """Connect to a server (`host:port`), say hello and wait for `initialised`."""
    async with connect(f"ws://{server}/api/v1/socket", compression=None, proxy=None) as socket:
        conversation = Conversation(socket)
        await conversation.send_raw(hello)
        conversation.initialised = (await conversation.receive("initialised"))["data"]
        yield conversation

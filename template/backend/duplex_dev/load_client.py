"""The clients of `poe load`: plain WebSocket clients that keep a session busy."""

import asyncio
import json
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from duplex_dev.console import TaskError

SOCKET = "/api/v1/socket"
SIGN_UP = "/api/v1/auth/sign-up"

AT_ONCE = 50
"""Connections that are opened at the same time."""

REPLY_TIMEOUT = 30.0
"""Seconds."""


@dataclass(slots=True)
class Tally:
    """What the clients saw: seconds until each reply, frames of any kind, errors by their code."""

    latencies: list[float] = field(default_factory=list[float])
    frames: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])


async def sign_up(url: str, name: str) -> str | None:
    """An access token of a new account; None where this app has no sign-in."""
    account = {
        "email": f"someone-{secrets.token_hex(4)}@example.com",
        "name": name,
        "password": secrets.token_urlsafe(24),
    }
    async with httpx.AsyncClient(base_url=url, headers={"Origin": url}) as http:
        answer = await http.post(SIGN_UP, json=account)
    if answer.status_code in (404, 405):
        return None
    if answer.is_error:
        raise TaskError(f"No account could be made: {answer.text}")
    return str(answer.json()["access_token"])


class Client:
    """One participant of one session."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._sent = 0

    @classmethod
    async def join(cls, url: str, token: str | None, session: str) -> "Client":
        """Connect and be initialised; raises TaskError with the server's reason when refused."""
        address = url.replace("http", "ws", 1) + SOCKET
        socket = await connect(address, origin=Origin(url), compression=None, max_queue=None)
        await socket.send(json.dumps({"token": token, "session": session, "name": "Load"}))
        try:
            async with asyncio.timeout(REPLY_TIMEOUT):
                frame = json.loads(await socket.recv())
        except ConnectionClosed as error:
            raise TaskError(f"The server closed a connection: {error}") from None
        if frame["state"] != "initialised":
            raise TaskError(f"The server refused a session: {frame.get('error', frame)}")
        return cls(socket)

    async def request(self, state: str, data: dict[str, Any], tally: Tally) -> None:
        """Send one request and read until its reply, counting everything that comes."""
        self._sent += 1
        wanted = str(self._sent)
        clock = asyncio.get_running_loop().time
        began = clock()
        await self._socket.send(json.dumps({"state": state, "data": data, "id": wanted}))
        while True:
            frame = json.loads(await self._socket.recv())
            tally.frames += 1
            if frame.get("id") != wanted:
                continue
            if frame["state"] == "error":
                tally.errors[str(frame.get("code"))] += 1
            else:
                tally.latencies.append(clock() - began)
            return

    async def close(self) -> None:
        """Leave."""
        await self._socket.close()


async def connect_all(
    url: str, token: str | None, *, clients: int, session_size: int
) -> list[Client]:
    """So many clients in sessions of that size, some of them at a time."""
    run = secrets.token_hex(4)
    gate = asyncio.Semaphore(AT_ONCE)

    async def join(number: int) -> Client:
        async with gate:
            return await Client.join(url, token, f"load-{run}-{number // session_size}")

    return list(await asyncio.gather(*map(join, range(clients))))


async def drive(
    clients: list[Client], state: str, data: dict[str, object], *, seconds: float
) -> Tally:
    """Every client asks and waits, again and again, until the time is over."""
    tally = Tally()
    clock = asyncio.get_running_loop().time
    end = clock() + seconds

    async def ask(client: Client) -> None:
        try:
            while clock() < end:
                async with asyncio.timeout(REPLY_TIMEOUT):
                    await client.request(state, data, tally)
        except ConnectionClosed as error:
            tally.errors[f"closed: {error}"] += 1
        except TimeoutError:
            tally.errors[f"no reply in {REPLY_TIMEOUT:g} s"] += 1

    await asyncio.gather(*map(ask, clients))
    return tally

"""The client of `poe talk`: one session over the `websockets` library, errors in sentences."""

import json
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Origin

from duplex_dev.console import TaskError

SOCKET = "/api/v1/socket"
SIGN_IN = "/api/v1/auth/sign-in"
REQUEST_ID = "1"

Frame = dict[str, Any]


class NeedsSignIn(Exception):
    """The server lets nobody in without a good token; the sentence is its own."""


class Closed(TaskError):
    """The connection is over; the sentence says how."""


class Conversation:
    """An open session. Leaves it at the end of `async with`."""

    def __init__(self, socket: ClientConnection, initialised: Frame) -> None:
        self._socket = socket
        self.initialised = initialised

    @classmethod
    async def open(cls, url: str, token: str | None, session: str | None, name: str) -> Self:
        """Connect and say hello. Raises TaskError with the reason, or NeedsSignIn."""
        hello = {"token": token, "session": session, "name": name}
        try:
            socket = await connect(
                url.replace("http", "ws", 1) + SOCKET, origin=Origin(url), max_size=None
            )
        except InvalidStatus as error:
            status = error.response.status_code
            raise TaskError(f"{url} refused the connection with status {status}.") from None
        except (InvalidHandshake, InvalidURI, EOFError) as error:
            raise TaskError(f"{url} does not speak this protocol: {error}") from None
        except (OSError, TimeoutError):
            raise TaskError(_nobody(url)) from None
        try:
            await socket.send(json.dumps({key: value for key, value in hello.items() if value}))
            first = await _receive(socket)
            if first["state"] == "initialised":
                return cls(socket, first)
        except BaseException:
            await socket.close()
            raise
        await socket.close()
        sentence = str(first.get("error", "The server did not open the session."))
        raise NeedsSignIn(sentence) if first.get("code") == "not_signed_in" else TaskError(sentence)

    async def send(self, frame: Frame) -> None:
        """Send a frame of any shape. Raises Closed."""
        try:
            await self._socket.send(json.dumps(frame))
        except ConnectionClosed as error:
            raise Closed(_closed(error)) from None

    async def receive(self) -> Frame:
        """The next frame. Raises Closed."""
        return await _receive(self._socket)

    async def ask(self, state: str, data: object) -> AsyncIterator[Frame]:
        """Send a request; gives the frames up to its last reply. Raises TaskError for an error."""
        await self.send({"state": state, "data": data, "id": REQUEST_ID})
        while True:
            frame = await self.receive()
            answers = frame.get("id") == REQUEST_ID
            if frame["state"] == "error" and (answers or "id" not in frame):
                raise TaskError(str(frame.get("error")))
            yield frame
            if answers and not frame.get("more"):
                return

    async def listen(self) -> AsyncIterator[Frame]:
        """Every frame until the session ends. Raises TaskError unless it ended as it should."""
        try:
            while True:
                yield json.loads(await self._socket.recv())
        except ConnectionClosed as error:
            if error.rcvd is None or error.rcvd.code != 1000:
                raise TaskError(_closed(error)) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        try:
            # So that the others need not wait to see whether this client comes back.
            await self._socket.send(json.dumps({"state": "leave"}))
        except ConnectionClosed:
            return
        finally:
            await self._socket.close()


async def sign_in(url: str, email: str, password: str) -> str:
    """An access token of this account. Raises TaskError with the server's sentence."""
    form = {"email": email, "password": password}
    try:
        async with httpx.AsyncClient(base_url=url, headers={"Origin": url}) as http:
            answer = await http.post(SIGN_IN, json=form)
    except httpx.TransportError:
        raise TaskError(_nobody(url)) from None
    if answer.status_code in (404, 405):
        raise TaskError(f"Nobody signs in with a password at {url}: leave --email out.")
    try:
        body: dict[str, Any] = answer.json()
    except ValueError:
        body = {}
    if answer.is_error or "access_token" not in body:
        raise TaskError(str(body.get("error", f"Signing in failed: status {answer.status_code}.")))
    return str(body["access_token"])


async def _receive(socket: ClientConnection) -> Frame:
    try:
        return json.loads(await socket.recv())
    except ConnectionClosed as error:
        raise Closed(_closed(error)) from None


def _closed(error: ConnectionClosed) -> str:
    if error.rcvd is None:
        return "The connection to the server was lost."
    reason = f": {error.rcvd.reason}" if error.rcvd.reason else ""
    return f"The server closed the connection with {error.rcvd.code}{reason}."


def _nobody(url: str) -> str:
    return (
        f"No server answers at {url}. Start it with `uv run poe dev` or `uv run poe serve`,"
        " or name another one with --url."
    )

"""A Python client of the session protocol: one connection, with hooks to record its frames.

`poe load`, `poe talk`, `poe replay`, the tests and the chaos suite all use this client.
docs/protocol.md describes the frames.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Origin

from duplex_dev.console import TaskError
from duplex_dev.machine.network import is_loopback

SOCKET = "/api/v1/socket"

Frame = dict[str, Any]
Hook = Callable[[Frame], None]


class CannotConnect(TaskError):
    """There is no connection; the message names the address and the reason. `code`: the status
    and code of the server's refusal, such as "429 too_many", if it was the server that refused.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class RefusedHello(TaskError):
    """The server answered the hello with an error; `frame` is that error."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(str(frame.get("error", "The server did not open the session.")))
        self.frame = frame
        self.code = str(frame.get("code"))


class NeedsSignIn(RefusedHello):
    """The server requires a valid access token."""


class Closed(TaskError):
    """The connection has ended: `code` is the close code, 1006 without a close frame."""

    def __init__(self, error: ConnectionClosed) -> None:
        self.code = error.rcvd.code if error.rcvd else 1006
        reason = f": {error.rcvd.reason}" if error.rcvd and error.rcvd.reason else ""
        super().__init__(
            f"The server closed the connection with {self.code}{reason}."
            if error.rcvd
            else "The connection to the server was lost."
        )


class RequestError(TaskError):
    """A request was answered with an error; `frame` is that error."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(str(frame.get("error")))
        self.frame = frame


class Client:
    """One connection of a participant. `async with` leaves the session at the end.

    `patience` is the number of seconds that every wait may take (None: no limit); `on_sent` and
    `on_received` are called with each frame. Waiting methods raise `Closed` and `TimeoutError`.
    """

    def __init__(
        self,
        socket: ClientConnection,
        *,
        patience: float | None = None,
        on_sent: Hook | None = None,
        on_received: Hook | None = None,
    ) -> None:
        self.socket = socket
        self.patience = patience
        self.on_sent = on_sent
        self.on_received = on_received
        self.initialised: Frame = {}
        """The data of `initialised`: session, participant, snapshot and so on."""
        self._requests = 0

    # --- Opening

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        patience: float | None = None,
        on_sent: Hook | None = None,
        on_received: Hook | None = None,
        **options: Any,
    ) -> Self:
        """Connect without a hello, to the server at http(s)://… or the socket at ws(s)://….

        `options` are those of `websockets.connect`. Raises `CannotConnect`.
        """
        address = url
        defaults: dict[str, Any] = {"compression": None, "max_size": None, "max_queue": None}
        if not url.startswith("ws"):
            address = url.replace("http", "ws", 1) + SOCKET
            defaults["origin"] = Origin(url)
        if is_loopback(url):
            defaults["proxy"] = None
        if patience is not None:
            defaults["open_timeout"] = patience
        try:
            socket = await connect(address, **defaults | options)
        except InvalidStatus as error:
            status = error.response.status_code
            sentence = f"{url} refused the connection with status {status}"
            try:
                answer: Frame = json.loads(error.response.body or b"")
                sentence, code = f"{sentence}: {answer['error']}", f"{status} {answer['code']}"
            except (ValueError, LookupError, TypeError):
                # The answer is a proxy's.
                sentence, code = f"{sentence}.", ""
            raise CannotConnect(sentence, code) from error
        except (InvalidHandshake, InvalidURI, EOFError) as error:
            raise CannotConnect(f"{url} does not speak this protocol: {error}") from error
        except (OSError, TimeoutError, ConnectionClosed) as error:
            raise CannotConnect(no_server(url)) from error
        return cls(socket, patience=patience, on_sent=on_sent, on_received=on_received)

    @classmethod
    async def join(
        cls,
        url: str,
        *,
        patience: float | None = None,
        on_sent: Hook | None = None,
        on_received: Hook | None = None,
        **hello: Any,
    ) -> Self:
        """Connect and send the hello. Raises `CannotConnect`, `NeedsSignIn` and `RefusedHello`."""
        client = await cls.connect(url, patience=patience, on_sent=on_sent, on_received=on_received)
        try:
            await client.hello(**hello)
        except BaseException:
            await client.close()
            raise
        return client

    async def hello(self, **hello: Any) -> Frame:
        """Send the hello, without the fields that are None; returns the data of `initialised`.

        Raises `NeedsSignIn` and `RefusedHello`.
        """
        await self.send({key: value for key, value in hello.items() if value is not None})
        frame = await self.receive()
        if frame["state"] != "initialised":
            refused = NeedsSignIn if frame.get("code") == "not_signed_in" else RefusedHello
            raise refused(frame)
        self.initialised = frame["data"]
        return self.initialised

    @property
    def session(self) -> str:
        """The id of the session."""
        return str(self.initialised["session"])

    @property
    def participant(self) -> str:
        """The participant's public id."""
        return str(self.initialised["participant"])

    def resume(self, seq: int | None = None) -> Frame:
        """The hello that resumes this session on a new connection, after `seq` was seen last."""
        known = self.initialised
        seen = known["seq"] if seq is None else seq
        resume = {"token": known["resume_token"], "epoch": known["epoch"], "seq": seen}
        return {"session": self.session, "resume": resume}

    # --- Sending

    async def send(self, frame: Frame | str | bytes) -> None:
        """Send a frame, or text and bytes as they are."""
        text = json.dumps(frame) if isinstance(frame, dict) else frame
        if self.on_sent is not None and isinstance(frame, dict):
            self.on_sent(frame)
        try:
            await self.socket.send(text)
        except ConnectionClosed as error:
            raise Closed(error) from error

    async def ask(self, state: str, data: object = None, **more: object) -> None:
        """Send a request and do not wait for its reply. `more` is for example `id="1"`."""
        await self.send({"state": state, "data": data, **more})

    # --- Receiving

    async def receive(self) -> Frame:
        """The next frame."""
        try:
            if self.patience is None:
                text = await self.socket.recv()
            else:
                async with asyncio.timeout(self.patience):
                    text = await self.socket.recv()
        except ConnectionClosed as error:
            raise Closed(error) from error
        frame: Frame = json.loads(text)
        if self.on_received is not None:
            self.on_received(frame)
        return frame

    async def until(self, state: str) -> Frame:
        """The next frame of this state; frames before it are dropped."""
        while True:
            frame = await self.receive()
            if frame["state"] == state:
                return frame

    async def reply(self, state: str, data: object = None, **more: object) -> Frame:
        """Send a request; the next frame that is its reply or an error."""
        await self.ask(state, data, **more)
        while True:
            frame = await self.receive()
            if frame["state"] in (state, "error") and "from" not in frame:
                return frame

    async def request(self, state: str, data: object = None) -> Frame:
        """Send a request with an id of its own; its reply, or the frame that ends its stream.

        Raises `RequestError`.
        """
        last: Frame = {}
        async for frame in self.stream(state, data):
            last = frame
        return last

    async def stream(self, state: str, data: object = None) -> AsyncIterator[Frame]:
        """Send a request with a new id, and yield every frame up to its last reply.

        This includes frames of others that arrive meanwhile, without that id. Raises
        `RequestError` for an error that answers this request, or that has no id.
        """
        self._requests += 1
        request_id = str(self._requests)
        await self.ask(state, data, id=request_id)
        while True:
            frame = await self.receive()
            is_answer = frame.get("id") == request_id
            if frame["state"] == "error" and (is_answer or "id" not in frame):
                raise RequestError(frame)
            yield frame
            if is_answer and not frame.get("more"):
                return

    async def listen(self) -> AsyncIterator[Frame]:
        """Every frame until the session ends. Raises `Closed` for an end other than 1000."""
        try:
            while True:
                yield await self.receive()
        except Closed as closed:
            if closed.code != 1000:
                raise

    async def quiet(self) -> list[Frame]:
        """All frames that the server had sent by now: those before the answer to a ping."""
        await self.send({"state": "ping", "id": "quiet"})
        frames: list[Frame] = []
        while (frame := await self.receive()) != {"state": "pong", "data": None, "id": "quiet"}:
            frames.append(frame)
        return frames

    async def closed(self) -> int:
        """Wait until the server closes the connection; its close code. Frames are dropped."""
        try:
            while True:
                await self.receive()
        except Closed as closed:
            return closed.code

    # --- Ending

    async def leave(self) -> None:
        """Leave the session, so that the others see it at once, and close the connection."""
        try:
            await self.send({"state": "leave"})
        except Closed:
            return
        finally:
            await self.close()

    async def close(self, code: int = 1000) -> None:
        """Close the connection."""
        await self.socket.close(code)

    def lose(self) -> None:
        """End the connection without a close frame, as a network that fails."""
        self.socket.transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.leave()


def no_server(url: str) -> str:
    """The error message for an address where no server answers."""
    return (
        f"No server answers at {url}. Start it with `uv run poe dev` or `uv run poe serve`,"
        " or name another one with --url."
    )

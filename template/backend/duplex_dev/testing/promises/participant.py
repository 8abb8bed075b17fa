"""A participant that follows docs/protocol.md as a client, and records everything.

It resumes with {token, epoch, seq}, sends unanswered requests again with their ids, pings after a
silent heartbeat and drops the connection after two, renews its token in place, and reconnects at a
random moment unless the close code is final.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from duplex.wire.protocol import FINAL_CODES, LOST, Close
from duplex_dev.testing.promises.record import (
    Closed,
    Frame,
    Got,
    Opened,
    Record,
    Sent,
    is_unhandled,
)

PATIENCE = 30.0
"""Seconds after which something that has to come counts as lost; never waited when all is well."""

_OPENING = 3.0
"""Seconds a handshake, and then the answer to the hello, may take before another is tried."""


class Gone(Exception):
    """The server ended the session for this participant with a final close code."""


class ChaosParticipant:
    """See the module. `dial` gives the URL of each connection, so it may be another worker's."""

    def __init__(
        self,
        name: str,
        session: str,
        dial: Callable[[], str],
        chance: Random,
        *,
        pause: float = 0.1,
        token: Callable[[], str] | None = None,
        renew: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        self.record = Record(name, session)
        self.opened = asyncio.Event()
        self.seen = 0
        self._dial = dial
        self._chance = chance
        self._pause = pause
        self._token = token
        self._renew = renew
        self._renewing: asyncio.Task[None] | None = None
        self._known: Frame = {}
        self._count = 0
        self._waiting: dict[str, tuple[Frame, asyncio.Future[Frame]]] = {}
        self._outgoing: deque[Frame] = deque()
        self._more = asyncio.Event()
        self._changed = asyncio.Event()
        self._asleep = False
        self._timers: set[asyncio.TimerHandle] = set()
        self._task: asyncio.Task[None] | None = None
        self.socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._live())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        ending = [self._task] if self._renewing is None else [self._task, self._renewing]
        for task in ending:
            task.cancel()
        for timer in self._timers:
            timer.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    @property
    def name(self) -> str:
        """Its display name, and the beginning of the ids of its requests."""
        return self.record.name

    @property
    def participant(self) -> str:
        """Its public id."""
        return str(self._known["participant"])

    @property
    def unanswered(self) -> "list[asyncio.Future[Frame]]":
        """The last replies that it still waits for."""
        return [future for _, future in self._waiting.values()]

    def next_id(self) -> str:
        """The id of the next request."""
        return f"{self.name}-{self._count + 1}"

    def request(self, state: str, data: object) -> asyncio.Future[Frame]:
        """Send a request, now or when there is a connection again. Resolves to its last reply."""
        request_id = self.next_id()
        self._count += 1
        frame: Frame = {"state": state, "data": data, "id": request_id}
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = frame, future
        self._outgoing.append(frame)
        self._more.set()
        return future

    def lose(self) -> None:
        """The network fails: no close frame is sent."""
        if self.socket is not None:
            self.socket.transport.abort()

    def stop_reading(self) -> None:
        """Stop reading while the connection stays, without noticing the silence."""
        assert self.socket is not None
        self._asleep = True
        self.socket.transport.pause_reading()

    def read_on(self) -> None:
        """Read the frames that arrived meanwhile, and continue to read."""
        assert self.socket is not None
        self._asleep = False
        self.socket.transport.resume_reading()

    async def is_open(self) -> None:
        """Wait until there is a connection."""
        async with asyncio.timeout(PATIENCE):
            await self.opened.wait()

    async def has_seen(self, seq: int) -> None:
        """Wait until everything up to this number was received."""
        async with asyncio.timeout(PATIENCE):
            while self.seen < seq:
                self._changed.clear()
                await self._changed.wait()

    async def ended(self) -> int:
        """Wait for a close that is final; its code."""
        assert self._task is not None
        async with asyncio.timeout(PATIENCE):
            with suppress(Gone):
                await asyncio.shield(self._task)
        return self.record.closes[-1]

    # --- connections

    async def _live(self) -> None:
        failures = 0
        while True:
            code = await self._connection()
            if code is None:
                failures += 1
            elif code == Close.ENDED or code in FINAL_CODES:
                for _, future in self._waiting.values():
                    future.cancel()
                raise Gone(code)
            else:
                failures = 0
            await asyncio.sleep(self._chance.uniform(0, self._pause * 2 ** min(failures, 4)))

    async def _connection(self) -> int | None:
        """One connection, to its end; returns its close code, None if there was no connection."""
        try:
            self.socket = socket = await connect(
                self._dial(),
                compression=None,
                max_size=None,
                max_queue=None,
                ping_interval=None,
                proxy=None,
                open_timeout=_OPENING,
            )
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed):
            return None
        sending: asyncio.Task[None] | None = None
        code = LOST
        try:
            await self._greet(socket)
            sending = asyncio.create_task(self._send(socket))
            await self._read(socket)
        except ConnectionClosed:
            code = socket.close_code or LOST
        except (OSError, TimeoutError):
            pass
        finally:
            self.opened.clear()
            self.socket = None
            socket.transport.abort()
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        self.record.events.append(Closed(_now(), code))
        return code

    async def _greet(self, socket: ClientConnection) -> None:
        hello: Frame = {"session": self.record.session, "name": self.name}
        if self._token is not None:
            hello["token"] = self._token()
        resume: Frame | None = None
        if self._known:
            token, epoch = self._known["resume_token"], self._known["epoch"]
            resume = hello["resume"] = {"token": token, "epoch": epoch, "seq": self.seen}
        hello_at = _now()
        await socket.send(json.dumps(hello))
        async with asyncio.timeout(_OPENING):
            frame: Frame = json.loads(await socket.recv())
            while frame["state"] != "initialised":
                self.record.events.append(Got(_now(), frame))
                frame = json.loads(await socket.recv())
        self._known = frame["data"]
        self.record.events.append(Opened(_now(), hello_at, resume, self._known))
        if not self._known["recovered"]:
            self.seen = self._known["seq"]
        self._outgoing = deque(frame for frame, _ in self._waiting.values())
        self._more.set()
        self.opened.set()
        self._changed.set()

    async def _send(self, socket: ClientConnection) -> None:
        """Requests, in the order they were asked; those without an answer first, again."""
        with suppress(ConnectionClosed):
            while True:
                while self._outgoing:
                    frame = self._outgoing.popleft()
                    if frame["id"] in self._waiting:
                        sent = Sent(_now(), frame["id"], frame["state"], frame["data"])
                        self.record.events.append(sent)
                        await socket.send(json.dumps(frame))
                self._more.clear()
                await self._more.wait()

    async def _read(self, socket: ClientConnection) -> None:
        """Raises `TimeoutError` when nothing was received for two heartbeats."""
        heartbeat = float(self._known["heartbeat"])
        while True:
            try:
                async with asyncio.timeout(heartbeat):
                    text = await socket.recv()
            except TimeoutError:
                if self._asleep:
                    continue
                await socket.send('{"state":"ping"}')
                async with asyncio.timeout(heartbeat):
                    text = await socket.recv()
            self._received(json.loads(text))

    # --- received frames

    def _received(self, frame: Frame) -> None:
        if frame["state"] == "pong":
            return
        self.record.events.append(Got(_now(), frame))
        self.seen = max(self.seen, frame.get("seq", 0))
        if "id" in frame and not frame.get("more"):
            self._answered(frame)
        if frame["state"] == "expiring" and self._renew is not None:
            self._renewing = asyncio.create_task(self._authenticate(self._renew))
        self._changed.set()

    async def _authenticate(self, renew: Callable[[], Awaitable[str]]) -> None:
        """A new token on the open connection."""
        token = await renew()
        with suppress(ConnectionClosed):
            if self.socket is not None:
                frame = {"state": "authenticate", "data": {"token": token}}
                await self.socket.send(json.dumps(frame))

    def _answered(self, frame: Frame) -> None:
        waiting = self._waiting.get(frame["id"])
        if waiting is None:
            return
        if is_unhandled(frame):
            self._later(frame["id"])
            return
        del self._waiting[frame["id"]]
        if not waiting[1].done():
            waiting[1].set_result(frame)

    def _later(self, request_id: str) -> None:
        """Send unhandled requests again, after a pause."""

        def again() -> None:
            self._timers.discard(timer)
            waiting = self._waiting.get(request_id)
            if waiting is not None and waiting[0] not in self._outgoing:
                self._outgoing.append(waiting[0])
                self._more.set()

        timer = asyncio.get_running_loop().call_later(self._chance.uniform(0.05, 0.2), again)
        self._timers.add(timer)


def _now() -> float:
    return time.monotonic()

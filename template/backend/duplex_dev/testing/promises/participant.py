"""A participant that follows docs/protocol.md with `duplex_dev.client`, and records everything.

It resumes with {token, epoch, seq}, sends unanswered requests again with their ids, pings after a
silent heartbeat and drops the connection after two, renews its token in place, and reconnects at a
random moment unless the close code is final.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Self

from duplex.wire.protocol import FINAL_CODES, LOST, Close
from duplex_dev.client import CannotConnect, Client
from duplex_dev.client import Closed as Ended
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
"""Seconds a handshake, and then the answer to the hello, may take before another is tried. After
each failure twice as many, up to eight times: many who dial a busy machine may need longer.
"""


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
        self._count = 0
        self._failures = 0
        self._waiting: dict[str, tuple[Frame, asyncio.Future[Frame]]] = {}
        self._outgoing: deque[Frame] = deque()
        self._more = asyncio.Event()
        self._changed = asyncio.Event()
        self._asleep = False
        self._timers: set[asyncio.TimerHandle] = set()
        self._task: asyncio.Task[None] | None = None
        self._client: Client | None = None
        self._last: Client | None = None
        """That of the last connection with a session, which the next one resumes."""

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
        assert self._last is not None
        return self._last.participant

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
        if self._client is not None:
            self._client.lose()

    def stop_reading(self) -> None:
        """Stop reading while the connection stays, without noticing the silence."""
        assert self._client is not None
        self._asleep = True
        self._client.socket.transport.pause_reading()

    def read_on(self) -> None:
        """Read the frames that arrived meanwhile, and continue to read."""
        assert self._client is not None
        self._asleep = False
        self._client.socket.transport.resume_reading()

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
        while True:
            code = await self._connection(_OPENING * 2 ** min(self._failures, 3))
            if code == Close.ENDED or code in FINAL_CODES:
                for _, future in self._waiting.values():
                    future.cancel()
                raise Gone(code)
            await asyncio.sleep(self._chance.uniform(0, self._pause * 2 ** min(self._failures, 4)))

    async def _connection(self, opening: float) -> int | None:
        """One connection, to its end; returns its close code, None if there was no connection."""
        self._failures += 1
        try:
            self._client = client = await Client.connect(
                self._dial(),
                on_sent=self._sent,
                on_received=self._received,
                open_timeout=opening,
                ping_interval=None,
                proxy=None,
            )
        except CannotConnect:
            return None
        sending: asyncio.Task[None] | None = None
        code = LOST
        try:
            await self._greet(client, opening)
            sending = asyncio.create_task(self._send(client))
            await self._read(client)
        except Ended as ended:
            code = ended.code
        except (OSError, TimeoutError):
            pass
        finally:
            self.opened.clear()
            self._client = None
            client.lose()
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        self.record.events.append(Closed(_now(), code))
        return code

    async def _greet(self, client: Client, opening: float) -> None:
        hello: Frame = {"session": self.record.session, "name": self.name}
        if self._token is not None:
            hello["token"] = self._token()
        if self._last is not None:
            hello |= self._last.resume(self.seen)
        hello_at = _now()
        await client.send(hello)
        async with asyncio.timeout(opening):
            known: Frame = (await client.until("initialised"))["data"]
        client.initialised, self._last = known, client
        self._failures = 0
        self.record.events.append(Opened(_now(), hello_at, hello.get("resume"), known))
        if not known["recovered"]:
            self.seen = known["seq"]
        self._outgoing = deque(frame for frame, _ in self._waiting.values())
        self._more.set()
        self.opened.set()
        self._changed.set()

    async def _send(self, client: Client) -> None:
        """Requests, in the order they were asked; those without an answer first, again."""
        with suppress(Ended):
            while True:
                while self._outgoing:
                    frame = self._outgoing.popleft()
                    if frame["id"] in self._waiting:
                        await client.send(frame)
                self._more.clear()
                await self._more.wait()

    async def _read(self, client: Client) -> None:
        """Raises `TimeoutError` when nothing was received for two heartbeats."""
        heartbeat = float(client.initialised["heartbeat"])
        while True:
            try:
                async with asyncio.timeout(heartbeat):
                    await client.receive()
            except TimeoutError:
                if self._asleep:
                    continue
                await client.send({"state": "ping"})
                async with asyncio.timeout(heartbeat):
                    await client.receive()

    def _sent(self, frame: Frame) -> None:
        """A request is sent; other frames have no id."""
        if "id" in frame:
            self.record.events.append(Sent(_now(), frame["id"], frame["state"], frame["data"]))

    # --- received frames

    def _received(self, frame: Frame) -> None:
        if frame["state"] in ("pong", "initialised"):
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
        with suppress(Ended):
            if self._client is not None:
                await self._client.ask("authenticate", {"token": token})

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

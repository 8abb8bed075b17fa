"""A participant as this process knows it: its connection (while it has one) and its requests.

Requests are handled one after the other, in the order they were sent. A stream starts in its turn
and then runs beside what follows. The queue outlives a lost connection, so what was sent is
handled.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from duplex.identity import Identity
from duplex.requests.registry import AnyState
from duplex.socket.connection import Connection
from duplex.socket.limits import Bucket
from duplex.wire import protocol
from duplex.wire.entries import Entry
from duplex.wire.frames import Frame
from duplex.wire.protocol import Close, ErrorCode

if TYPE_CHECKING:
    from duplex.rooms.room import Room

IN_FLIGHT = 128
"""Requests of one participant that may be queued or running at a time, streams included."""


@dataclass(slots=True)
class Request:
    """One request that was understood and may be handled."""

    state: AnyState
    data: BaseModel | None
    id: str | None


class Running:
    """The request that is being handled now, and why it has to stop if it must.

    `told`: the session was given pieces of its answer and waits for the last.
    """

    __slots__ = ("_held", "_sealed", "request", "stopped", "task", "told")

    def __init__(self, request: Request, task: "asyncio.Task[None] | None") -> None:
        self.request = request
        self.task = task
        self.stopped: ErrorCode | None = None
        self.told = False
        self._held = False
        self._sealed = False

    def stop(self, why: ErrorCode) -> None:
        """Cancel the handler; the first reason stays. Of no effect once it is sealed."""
        if self.stopped is None and self.task is not None and not self._sealed:
            self.stopped = why
            if not self._held:
                self.task.cancel()

    def seal(self) -> None:
        """The handler is done and its outcome is being committed: too late to stop it."""
        self._sealed = True

    @contextmanager
    def held(self) -> Generator[None]:
        """What stops it waits for the end of the `with`: a piece is committed whole or not at all.

        Not even entered by a stream that goes on although it was stopped.
        """
        self._heed()
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self._heed()

    def _heed(self) -> None:
        if self.stopped is not None:
            raise asyncio.CancelledError


class Member:
    """See the module. `epoch` is the life of the session it belongs to, `seen` the number of the
    last room message given to its connection, `elsewhere` the ids of streams at other workers that
    were asked for again here.
    """

    __slots__ = (
        "_buckets",
        "_run",
        "_worker",
        "connection",
        "elsewhere",
        "epoch",
        "identity",
        "name",
        "participant",
        "queue",
        "room",
        "running",
        "seen",
        "streams",
        "token",
    )

    def __init__(
        self,
        room: "Room",
        epoch: str,
        participant: str,
        name: str,
        identity: Identity,
        token: str,
        run: "Callable[[Member, Request], Coroutine[object, object, None]]",
    ) -> None:
        self.room = room
        self.epoch = epoch
        self.participant = participant
        self.name = name
        self.identity = identity
        self.token = token
        self.connection: Connection | None = None
        self.seen = 0
        self.queue: deque[Request] = deque()
        self.running: Running | None = None
        self.streams: set[Running] = set()
        self.elsewhere: set[str] = set()
        self._run = run
        self._worker: asyncio.Task[None] | None = None
        self._buckets: dict[str, Bucket] | None = None

    @property
    def busy(self) -> int:
        """Requests queued or running, streams included."""
        return len(self.queue) + len(self.streams) + (self._worker is not None)

    def replace_connection(self, connection: Connection | None) -> None:
        """From now on this participant is at `connection` (None: at another process); a connection
        that it still had is told so.
        """
        former, self.connection = self.connection, connection
        if former is not None:
            former.member = None
            # What they said last may not have arrived there.
            self.end_streams("interrupted", private=True)
            former.close(Close.REPLACED, "This participant was resumed by another connection.")

    def frame(self, entry: Entry) -> Frame:
        """An entry as this member gets it."""
        if entry.private or entry.sender == self.participant:
            # The answer to one's own request is never dropped, whatever its state retains.
            return Frame(entry.for_sender(), "all", entry.state, entry.seq)
        return Frame(entry.for_others(), entry.retain, entry.state, entry.seq)

    def push(self, entry: Entry) -> None:
        """Send a private message or an earlier reply, if there is a connection. A reply that is
        still on its way in the room's order is left to that.
        """
        if self.connection is not None and entry.seq <= self.seen:
            self.connection.push(self.frame(entry))

    def error(self, sentence: str, code: ErrorCode, request_id: str | None) -> None:
        """Send an error, if there is a connection."""
        if self.connection is not None:
            self.connection.send(protocol.error(sentence, code, request_id))

    def may_ask(self, state: AnyState, now: float) -> bool:
        """Count a request against its state's own limit."""
        if state.limit is None:
            return True
        if self._buckets is None:
            self._buckets = {}
        bucket = self._buckets.get(state.name)
        if bucket is None:
            bucket = self._buckets[state.name] = Bucket(state.limit, now)
        return bucket.take(now) == 0.0

    def ask(self, request: Request) -> None:
        """Handle a request after all that came before it."""
        self.queue.append(request)
        if self._worker is None:
            self._start()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if sys.version_info >= (3, 12):
            # A handler that waits for nothing is done before this returns, without a loop tick.
            task = asyncio.Task(self._work(), loop=loop, eager_start=True)
        else:
            task = loop.create_task(self._work())
        if not task.done():
            self._worker = task

    async def _work(self) -> None:
        try:
            while self.queue:
                await self._run(self, self.queue.popleft())
        finally:
            self._worker = None

    def cancel(self, request_id: str) -> bool:
        """Stop a running request or take back a queued one; False when there is none of this id."""
        for one in (self.running, *self.streams):
            if one is not None and one.request.id == request_id:
                one.stop("cancelled")
                return True
        for request in self.queue:
            if request.id == request_id:
                self.queue.remove(request)
                self.error("The request was cancelled.", "cancelled", request_id)
                return True
        return False

    def end_streams(
        self, why: ErrorCode = "cancelled", *, private: bool = False
    ) -> "list[asyncio.Task[None]]":
        """Stop all streams; `private`: only those that nobody else gets. The tasks they end in."""
        ending: list[asyncio.Task[None]] = []
        for one in list(self.streams):
            if one.task is not None and (not private or one.request.state.to == "sender"):
                ending.append(one.task)
                one.stop(why)
        return ending

    def end(self, code: int, reason: str) -> None:
        """No more requests; the connection is closed after what it still has to send."""
        self.queue.clear()
        self.end_streams()
        if self.connection is not None:
            self.connection.close(code, reason)

    async def settled(self) -> None:
        """Wait until every ordinary request asked so far was handled."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def finished(self) -> None:
        """Wait until nothing of it runs any more, streams included."""
        while tasks := self._tasks():
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        """Cancel all that runs; for the end of the process."""
        self.queue.clear()
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tasks(self) -> "list[asyncio.Task[None]]":
        tasks = [one.task for one in self.streams if one.task is not None]
        if self._worker is not None:
            tasks.append(self._worker)
        return tasks

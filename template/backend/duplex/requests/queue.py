"""The participant who sends requests, which are handled one after the other in the order sent.

A stream starts in its turn and then runs concurrently with the later requests. The queue survives a
lost connection: received requests are handled.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextvars import Context, copy_context
from typing import Final, Protocol

from duplex.identity import Identity
from duplex.requests.documents import DocumentCache
from duplex.requests.running import InContext, Running
from duplex.wire.entries import Entry
from duplex.wire.protocol import ErrorCode
from duplex.wire.requests import Request

Run = Callable[[Request], Coroutine[object, object, None]]
"""Handle one request; a stream is only started."""


AT_ONCE: Final = 16
"""Participants whose requests are begun in one loop tick, while more wait."""


class Starts:
    """Begins the work of the queues in the order in which their requests arrived, a few in each
    loop tick. Between two ticks the loop reads what has arrived meanwhile, so that a new request
    waits for those before it, but not for all of the next tick too.
    """

    __slots__ = ("_later", "_left", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = AT_ONCE
        self._later: deque[Callable[[], None]] = deque()

    def take(self) -> bool:
        """Whether a queue may begin in this tick. False: it calls `defer`."""
        left = self._left
        if not left:
            return False
        if left == AT_ONCE:
            self._loop.call_soon(self._next)
        self._left = left - 1
        return True

    def defer(self, begin: Callable[[], None]) -> None:
        """Call `begin` in its turn."""
        self._later.append(begin)

    def _next(self) -> None:
        """A new tick."""
        later = self._later
        begun = min(AT_ONCE, len(later))
        for _ in range(begun):
            later.popleft()()
        self._left = AT_ONCE - begun
        if begun:
            self._loop.call_soon(self._next)


class RequestQueue:
    """See the module. `run` handles a request. `elsewhere` has the ids of streams that run at other
    workers and were sent again here.
    """

    __slots__ = (
        "_context",
        "_deferred",
        "_departure",
        "_run",
        "_starts",
        "_turn",
        "_waiting",
        "_worker",
        "elsewhere",
        "loop",
        "running",
        "streams",
    )

    def __init__(self, run: Run, starts: Starts) -> None:
        self.loop = asyncio.get_running_loop()
        self.running: Running | None = None
        self.streams: set[Running] = set()
        self.elsewhere: set[str] = set()
        self._run = run
        self._starts = starts
        self._waiting: deque[Request] = deque()
        self._deferred: Context | None = None
        self._worker: asyncio.Task[None] | None = None
        self._turn = 0
        self._context: Context | None = None
        self._departure: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        """Requests waiting or running, streams included."""
        return len(self._waiting) + len(self.streams) + (self._worker is not None)

    @property
    def pending(self) -> int:
        """Bytes of the requests that are waiting or running, streams included."""
        running = self.running.request.size if self.running is not None else 0
        streams = sum(stream.request.size for stream in self.streams)
        return running + streams + sum(request.size for request in self._waiting)

    def add(self, request: Request) -> None:
        """Handle a request after all requests that came before it."""
        self._waiting.append(request)
        if self._worker is not None or self._deferred is not None:
            return
        if self._starts.take():
            self._start()
        else:
            self._deferred = copy_context()
            self._starts.defer(self._begin)

    def _begin(self) -> None:
        """The turn of this queue has come, or somebody waits for its requests."""
        context, self._deferred = self._deferred, None
        if context is not None:
            self._start(context)

    def _start(self, context: Context | None = None) -> None:
        # Never started eagerly, as a loop's task factory may do: all frames of a loop tick are read
        # first, then their requests are handled. Under load that takes a third less time than
        # alternating between the two, and `_work` counts on `_worker`.
        self._worker = asyncio.Task(self._work(), loop=self.loop, context=context)

    async def _work(self) -> None:
        turn = self._turn
        unused = self._context = copy_context()
        try:
            if self._waiting:
                # The task's context is its own: the first request needs no other one.
                await self._run(self._waiting.popleft())
            while self._waiting and turn == self._turn:
                await InContext(unused.copy(), self._run(self._waiting.popleft()))
        finally:
            if turn == self._turn:
                self._worker = None

    def leave_behind(self, running: Running) -> None:
        """Handle the next requests in another task, because this one does not end."""
        if self._departure is not None:
            self._departure.set_result(None)
            self._departure = None
        self.streams.discard(running)
        if self.running is running:
            self.running = None
            self._worker = None
            self._turn += 1
            if self._waiting and self._context is not None:
                # The timer that leads here was perhaps started by a handler, in its own context.
                self._start(self._context.copy())

    def has_stream(self, request_id: str) -> bool:
        """Whether the stream of this request runs, here or at another worker."""
        if not self.streams and not self.elsewhere:
            return False
        return request_id in self.elsewhere or any(
            stream.request.id == request_id for stream in self.streams
        )

    def stop(self, request_id: str) -> bool:
        """Cancel a running request; False when none of this id runs here."""
        # The request that has just started a stream still runs beside it.
        for running in (*self.streams, self.running):
            if running is not None and running.request.id == request_id:
                running.stop("cancelled")
                return True
        return False

    def remove(self, request_id: str) -> Request | None:
        """Remove a waiting request, and each copy of it; None when none of this id waits."""
        found = [request for request in self._waiting if request.id == request_id]
        for request in found:
            self._waiting.remove(request)
        return found[0] if found else None

    def clear(self, *, keep_without_id: bool = False) -> None:
        """Remove the waiting requests; those that have an id will be sent again by the client."""
        if keep_without_id:
            self._waiting = deque(request for request in self._waiting if request.id is None)
        else:
            self._waiting.clear()
        if not self._waiting:
            self._deferred = None

    def end_streams(self, why: ErrorCode = "cancelled") -> None:
        """Stop all streams."""
        for running in list(self.streams):
            running.stop(why)

    async def without_streams(self) -> None:
        """Wait until no stream runs any more."""
        while tasks := _unfinished(running.task for running in self.streams):
            await self._any_of(tasks)

    async def settled(self) -> None:
        """Wait until every ordinary request received so far was handled or left behind."""
        self._begin()
        while tasks := _unfinished([self._worker]):
            await self._any_of(tasks)

    async def finished(self) -> None:
        """Wait until nothing runs any more, streams included."""
        self._begin()
        while tasks := self.tasks():
            await self._any_of(tasks)

    async def _any_of(self, tasks: "list[asyncio.Task[None]]") -> None:
        """Wait until one of these tasks has ended, or one of the queue's was left behind."""
        if self._departure is None:
            self._departure = self.loop.create_future()
        await asyncio.wait([*tasks, self._departure], return_when=asyncio.FIRST_COMPLETED)

    def tasks(self) -> "list[asyncio.Task[None]]":
        """The tasks in which requests of this participant run."""
        return _unfinished([self._worker, *(running.task for running in self.streams)])


def _unfinished(tasks: "Iterable[asyncio.Task[None] | None]") -> "list[asyncio.Task[None]]":
    # One that was cancelled before its first step has not removed itself.
    return [task for task in tasks if task is not None and not task.done()]


class Requester(Protocol):
    """Implemented by `duplex.rooms.member.Member`. `epoch` is the life of the session that the
    participant belongs to.
    """

    @property
    def room_id(self) -> str: ...
    @property
    def epoch(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def documents(self) -> DocumentCache: ...
    @property
    def requests(self) -> RequestQueue: ...

    @property
    def seen(self) -> int:
        """The number of the last room message that its connection received."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the participant has a connection at this process."""
        ...

    def keep(self, size: int) -> None:
        """Count the bytes of an outcome that was recorded for this participant."""
        ...

    def push(self, entry: Entry, asked: int | None = None) -> None:
        """Send a private message or a recorded reply, if there is a connection. `asked`: what was
        seen when the reply was asked for; a room message that came since is not sent twice.
        """
        ...

    def error(self, sentence: str, code: ErrorCode, request_id: str | None) -> None:
        """Send an error, if there is a connection."""
        ...

    async def drained(self, mark: int) -> None:
        """Wait until at most `mark` bytes wait for the connection, if there is one."""
        ...

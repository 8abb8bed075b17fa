"""The requests of one participant at this process, handled one after the other in the order sent.

A stream starts in its turn and then runs beside the requests behind it. The queue outlives a lost
connection: requests that were received are handled.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Coroutine

from duplex.requests.running import Running
from duplex.wire.protocol import ErrorCode
from duplex.wire.requests import Request

Run = Callable[[Request], Coroutine[object, object, None]]
"""Handle one request; a stream is only started."""


class RequestQueue:
    """See the module. `elsewhere` has the ids of streams that run at other workers and were sent
    again here.
    """

    __slots__ = ("_run", "_waiting", "_worker", "elsewhere", "running", "streams")

    def __init__(self, run: Run) -> None:
        self.running: Running | None = None
        self.streams: set[Running] = set()
        self.elsewhere: set[str] = set()
        self._run = run
        self._waiting: deque[Request] = deque()
        self._worker: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Requests waiting or running, streams included."""
        return len(self._waiting) + len(self.streams) + (self._worker is not None)

    def add(self, request: Request) -> None:
        """Handle a request after all requests that came before it."""
        self._waiting.append(request)
        if self._worker is None:
            self._start()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if sys.version_info >= (3, 12):
            # A handler that awaits nothing is done before this returns, without a loop tick.
            task = asyncio.Task(self._work(), loop=loop, eager_start=True)
        else:
            task = loop.create_task(self._work())
        if not task.done():
            self._worker = task

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._run(self._waiting.popleft())
        finally:
            self._worker = None

    def stop(self, request_id: str) -> bool:
        """Cancel a running request; False when none of this id runs here."""
        for running in (self.running, *self.streams):
            if running is not None and running.request.id == request_id:
                running.stop("cancelled")
                return True
        return False

    def remove(self, request_id: str) -> bool:
        """Remove a waiting request; False when none of this id waits."""
        for request in self._waiting:
            if request.id == request_id:
                self._waiting.remove(request)
                return True
        return False

    def clear(self, *, keep_without_id: bool = False) -> None:
        """Remove the waiting requests; those that have an id will be sent again by the client."""
        if keep_without_id:
            self._waiting = deque(request for request in self._waiting if request.id is None)
        else:
            self._waiting.clear()

    def end_streams(
        self, why: ErrorCode = "cancelled", *, private: bool = False
    ) -> "list[asyncio.Task[None]]":
        """Stop all streams (`private`: only those whose pieces go to the sender alone) and return
        the tasks that they end in.
        """
        ending: list[asyncio.Task[None]] = []
        for running in list(self.streams):
            if running.task is not None and (not private or running.state.to == "sender"):
                ending.append(running.task)
                running.stop(why)
        return ending

    async def settled(self) -> None:
        """Wait until every ordinary request received so far was handled."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def finished(self) -> None:
        """Wait until nothing runs any more, streams included."""
        while tasks := self._tasks():
            await asyncio.wait(tasks)

    async def cancel_all(self) -> None:
        """Cancel everything, for the end of the process."""
        self._waiting.clear()
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tasks(self) -> "list[asyncio.Task[None]]":
        tasks = [running.task for running in self.streams if running.task is not None]
        if self._worker is not None:
            tasks.append(self._worker)
        return tasks

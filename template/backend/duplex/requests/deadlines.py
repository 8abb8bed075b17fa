"""Deadlines of requests: one timer for all requests with the same time limit.

A timer for each request would cost a twentieth of the time that a request takes.
"""

import asyncio

from duplex.requests.running import Running


class Deadline:
    """Requests with a time limit of `seconds`, ordered by their end."""

    __slots__ = ("_due", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._due: dict[Running, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, running: Running) -> None:
        """Stop the request after `seconds`, unless `end` is called before."""
        due = self._due[running] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._check)

    def end(self, running: Running) -> None:
        """The request ended in time."""
        self._due.pop(running, None)

    def _check(self) -> None:
        now = self._loop.time()
        while self._due:
            running, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._check)
                return
            del self._due[running]
            running.stop("deadline")
        self._timer = None


class Deadlines:
    """The deadlines of all states, by their time limit."""

    __slots__ = ("_by_seconds",)

    def __init__(self) -> None:
        self._by_seconds: dict[float, Deadline] = {}

    def of(self, seconds: float) -> Deadline:
        """The requests with this time limit."""
        found = self._by_seconds.get(seconds)
        if found is None:
            found = self._by_seconds[seconds] = Deadline(seconds)
        return found

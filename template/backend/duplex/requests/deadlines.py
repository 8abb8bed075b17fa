"""When requests have to be done: one timer for all that have equally long, not one for each.

Starting and cancelling a timer of its own costs a request a twentieth of all its time.
"""

import asyncio

from duplex.rooms.member import Running


class Deadline:
    """Requests that have `seconds` from when they begin, the first to run out first."""

    __slots__ = ("_due", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._due: dict[Running, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, running: Running) -> None:
        """From now on it has `seconds`; then it is stopped."""
        due = self._due[running] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)

    def end(self, running: Running) -> None:
        """It is done in time."""
        self._due.pop(running, None)

    def _look(self) -> None:
        now = self._loop.time()
        while self._due:
            running, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._look)
                return
            del self._due[running]
            running.stop("deadline")
        self._timer = None


class Deadlines:
    """The deadlines of all states."""

    __slots__ = ("_by_seconds",)

    def __init__(self) -> None:
        self._by_seconds: dict[float, Deadline] = {}

    def of(self, seconds: float) -> Deadline:
        """The deadline of this length."""
        found = self._by_seconds.get(seconds)
        if found is None:
            found = self._by_seconds[seconds] = Deadline(seconds)
        return found

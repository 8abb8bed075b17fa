"""When to look after a room again: somebody's grace, or resume token, ends then."""

import asyncio
import random
from collections.abc import Callable


class Dues:
    """One timer per room, for the next thing that is due in it."""

    def __init__(self, look: Callable[[str], None]) -> None:
        self._look = look
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def due_in(self, room: str, ms: int) -> None:
        """Look after a room in so many milliseconds; negative: nothing is due."""
        if ms < 0:
            return
        loop = asyncio.get_running_loop()
        # Not all who follow it at the same instant: the first one does it all.
        at = loop.time() + ms / 1000 + random.uniform(0.001, 0.01)
        timer = self._timers.get(room)
        if timer is not None:
            if timer.when() <= at:
                return
            timer.cancel()
        self._timers[room] = loop.call_at(at, self._due, room)

    def _due(self, room: str) -> None:
        del self._timers[room]
        self._look(room)

    def stop(self) -> None:
        """Look after nothing any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

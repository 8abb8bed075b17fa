"""One timer for each room in which a grace or resume token ends, or an announcement is due."""

import asyncio
import random
from collections.abc import Callable


class RoomTimers:
    """`settle` is called with the room when its next deadline has come."""

    def __init__(self, settle: Callable[[str], None]) -> None:
        self._settle = settle
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def schedule(self, room: str, ms: int) -> None:
        """Settle a room in at most so many milliseconds; negative: nothing is due."""
        if ms < 0:
            return
        loop = asyncio.get_running_loop()
        # Spread over the workers that follow the room: the first one does all the work.
        at = loop.time() + ms / 1000 + random.uniform(0.001, 0.01)
        timer = self._timers.get(room)
        if timer is not None:
            if timer.when() <= at:
                return
            timer.cancel()
        self._timers[room] = loop.call_at(at, self._due, room)

    def _due(self, room: str) -> None:
        del self._timers[room]
        self._settle(room)

    def stop(self) -> None:
        """Cancel all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

"""Writes what waits in outboxes: once per loop tick for each, however many messages came in it."""

import asyncio
from typing import Protocol

_AT_ONCE = 64
"""Connections written to in one loop tick; the rest wait for the next, so that others are heard
between.
"""


class Outbox(Protocol):
    """What has something to write."""

    def flush(self) -> None:
        """Write what goes out now. Never raises, never waits."""
        ...


class Flusher:
    """Writes the outboxes that got something, once per loop tick, a bounded number per tick."""

    __slots__ = ("_dirty", "_loop", "_planned")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._dirty: list[Outbox] = []
        self._planned = False

    def add(self, outbox: Outbox) -> None:
        """Write this outbox in the next tick or soon after."""
        self._dirty.append(outbox)
        if not self._planned:
            self._planned = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        now, self._dirty = self._dirty[:_AT_ONCE], self._dirty[_AT_ONCE:]
        if self._dirty:
            self._loop.call_soon(self._flush)
        else:
            self._planned = False
        for outbox in now:
            outbox.flush()

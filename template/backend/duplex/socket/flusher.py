"""Writes what waits in outboxes: once per loop tick for each, however many messages came in it."""

import asyncio
from typing import Final, Protocol

_AT_ONCE: Final = 64
"""Connections written to in a row."""

_TURNS: Final = 2
"""Loop ticks between two parts of a crowd: as many as a request takes from its arrival to its
reply.
"""


class Outbox(Protocol):
    """What has something to write."""

    def flush(self) -> None:
        """Write what goes out now. Never raises, never waits."""
        ...


class Flusher:
    """Writes the outboxes that got something, in the next loop tick.

    What is more than can be written in a row is a crowd: it goes on in parts, and between them
    others are heard and answered.
    """

    __slots__ = ("_crowd", "_fresh", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._fresh: list[Outbox] = []
        self._crowd: list[Outbox] = []

    def add(self, outbox: Outbox) -> None:
        """Write this outbox in the next tick or, in a crowd, soon after."""
        if not self._fresh:
            self._loop.call_soon(self._flush)
        self._fresh.append(outbox)

    def _flush(self) -> None:
        now, self._fresh = self._fresh, []
        if len(now) > _AT_ONCE:
            if not self._crowd:
                self._loop.call_soon(self._go_on, _TURNS)
            self._crowd += now[_AT_ONCE:]
            del now[_AT_ONCE:]
        for outbox in now:
            outbox.flush()

    def _go_on(self, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._go_on, turns - 1)
            return
        now = self._crowd[:_AT_ONCE]
        del self._crowd[:_AT_ONCE]
        if self._crowd:
            self._loop.call_soon(self._go_on, _TURNS)
        for outbox in now:
            outbox.flush()

"""Writes what waits in outboxes: once per loop tick for each, however many messages came in it."""

import asyncio
from collections import deque
from typing import Final, Protocol

CROWD: Final = 64
"""Receivers of one message that are written to in a row."""

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

    The receivers of a message to many are a crowd: they are written to in parts, and between two
    parts requests are read, handled and answered. Answers are never put off, however many requests
    came in the same tick: what is put off would wait behind everything that is asked meanwhile.
    """

    __slots__ = ("_crowd", "_fresh", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._fresh: list[Outbox] = []
        self._crowd: deque[Outbox] = deque()

    def add(self, outbox: Outbox) -> None:
        """Write this outbox in the next tick."""
        if not self._fresh:
            self._loop.call_soon(self._flush)
        self._fresh.append(outbox)

    def add_to_crowd(self, outbox: Outbox) -> None:
        """Write this outbox soon, in its turn."""
        if not self._crowd:
            self._loop.call_soon(self._go_on, 0)
        self._crowd.append(outbox)

    def _flush(self) -> None:
        now, self._fresh = self._fresh, []
        for outbox in now:
            outbox.flush()

    def _go_on(self, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._go_on, turns - 1)
            return
        crowd = self._crowd
        for _ in range(min(CROWD, len(crowd))):
            crowd.popleft().flush()
        if crowd:
            self._loop.call_soon(self._go_on, _TURNS)

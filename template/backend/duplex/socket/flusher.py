"""Writes outboxes: each at most once per loop tick, whatever the number of its messages."""

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
    """An object with frames to write."""

    def flush(self) -> None:
        """Write the frames that the transport accepts. Never raises, never waits."""
        ...


class Flusher:
    """Writes the outboxes that received frames, in the next loop tick.

    The receivers of a message to many are a crowd: they are written in parts, and between two parts
    requests are read, handled and answered. Replies are never delayed, whatever the number of
    requests in a tick: a delayed reply would wait behind all later requests.
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

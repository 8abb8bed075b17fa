"""Outboxes of connections: written once per loop tick, however many messages came in it.

The outbox of a slow reader is thinned: messages that need not be kept are dropped first.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from duplex.wire.entries import Frame, skipped


def thinned(outbox: Sequence[Frame]) -> list[Frame]:
    """`outbox` without unretained messages and all but the latest of a kind.

    A `skipped` notice with the number of the last dropped message replaces dropped room messages,
    so that the client does not take the gap for a loss. The notice itself is unretained: when the
    outbox is thinned again, it becomes part of the next one.
    """
    newest = {frame.state: frame for frame in outbox if frame.retain == "latest"}
    kept: list[Frame] = []
    through = 0
    for frame in outbox:
        if frame.retain == "all" or newest.get(frame.state) is frame:
            if through and frame.seq:
                kept.append(skipped(through))
                through = 0
            kept.append(frame)
        elif frame.seq:
            through = frame.seq
    if through:
        kept.append(skipped(through))
    return kept


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

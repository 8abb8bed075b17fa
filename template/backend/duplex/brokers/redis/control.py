"""Control messages for all processes: published, and kept in a short stream for reconnects."""

from collections.abc import Callable
from typing import Final

from duplex.brokers.redis.keyspace import Keyspace
from duplex.brokers.redis.link import Link

KEPT: Final = 3600 * 1000
"""Milliseconds a control message is kept."""


class ControlStream:
    """Reports each control message once, in order, to `deliver`."""

    def __init__(self, deliver: Callable[[bytes], None]) -> None:
        self._deliver = deliver
        self._seen: tuple[int, int] | None = None
        self._buffer: list[tuple[bytes, bytes]] | None = None

    def pause(self) -> None:
        """Buffer messages until `catch_up`."""
        self._buffer = []

    def restart(self) -> None:
        """A new generation has a new stream."""
        if self._seen is not None:
            self._seen = (0, 0)

    async def catch_up(self, link: Link, keyspace: Keyspace) -> None:
        """Report the messages that were missed, then the buffered ones."""
        control = keyspace.control
        if self._seen is None:
            # No socket was connected to this process yet, so earlier messages do not concern it.
            self._seen = (0, 0)
            for number, _ in await link.call("XREVRANGE", control, "+", "-", "COUNT", 1):
                self._seen = _parse(number)
        since = "({}-{}".format(*self._seen)
        missed = await link.call("XRANGE", control, since, "+")
        buffered, self._buffer = self._buffer or [], None
        for number, pairs in missed:
            self.receive(number, pairs[1])
        for number, message in buffered:
            self.receive(number, message)

    def receive(self, number: bytes, message: bytes) -> None:
        """One message with its number in the stream."""
        if self._buffer is not None:
            self._buffer.append((number, message))
            return
        at = _parse(number)
        if self._seen is None or at > self._seen:
            self._seen = at
            self._deliver(message)


def _parse(number: bytes) -> tuple[int, int]:
    first, _, second = number.partition(b"-")
    return int(first), int(second)

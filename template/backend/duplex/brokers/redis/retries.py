"""Releases that the store could not take yet.

A claim, lock or presence that is not released would block others until its lease ends. A release
that failed is therefore tried again after each reconnect and with each heartbeat. Every script here
has no effect when another request or worker holds the resource.
"""

from collections.abc import Awaitable, Callable

from duplex.brokers.base import BrokerUnavailable
from duplex.brokers.redis.link import Answer

Run = Callable[..., Awaitable[Answer]]


class PendingReleases:
    """See the module. `run` runs a script of a room."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._pending: dict[tuple[str, ...], None] = {}

    async def release(self, script: str, room: str, *arguments: str) -> Answer:
        """Release something. If the store is unreachable, raise `BrokerUnavailable` and retry
        later.
        """
        call = (script, room, *arguments)
        try:
            answer = await self._run(*call)
        except BrokerUnavailable:
            self._pending[call] = None
            raise
        self._pending.pop(call, None)
        return answer

    async def retry(self) -> None:
        """Deliver all pending releases. Raises `BrokerUnavailable`."""
        for call in list(self._pending):
            await self.release(*call)

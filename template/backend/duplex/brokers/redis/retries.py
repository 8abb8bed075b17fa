"""What this process wanted to give back while the store could not take it.

A claim, a lock or a presence that is not given back would hold others up until its lease ends. So
what failed is tried again: after each reconnect and with each beat. Every script here is of no
effect when what it gives back is somebody else's by then.
"""

from collections.abc import Awaitable, Callable

from duplex.brokers.base import BrokerUnavailable
from duplex.brokers.redis.link import Answer

Run = Callable[..., Awaitable[Answer]]


class Debts:
    """See the module. `run` is `Keeper.run`."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._owed: dict[tuple[str, ...], None] = {}

    async def pay(self, script: str, room: str, *arguments: str) -> Answer:
        """Give something back. Raises `BrokerUnavailable`, and it is given back later."""
        debt = (script, room, *arguments)
        try:
            answer = await self._run(*debt)
        except BrokerUnavailable:
            self._owed[debt] = None
            raise
        self._owed.pop(debt, None)
        return answer

    async def settle(self) -> None:
        """Give back what is still owed. Raises `BrokerUnavailable`."""
        for debt in list(self._owed):
            await self.pay(*debt)

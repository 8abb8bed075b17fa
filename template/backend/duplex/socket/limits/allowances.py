"""The request rates of connections, which a reconnect does not renew.

Connections borrow an allowance from their owner, the account or the address of an anonymous client,
and return it when they end. The owner's next connection gets the returned allowance with its
remaining tokens. So an owner never has more allowances than simultaneous connections.
"""

from duplex.socket.limits.rates import Bucket
from duplex.units import Rate


class Allowance:
    """The requests of one connection at a time; `strikes` counts those that were too many."""

    __slots__ = ("_requests", "_states", "strikes")

    def __init__(self, rate: Rate, now: float) -> None:
        self._requests = Bucket(rate, now)
        self._states: dict[str, Bucket] | None = None
        self.strikes = 0

    def take(self, now: float) -> bool:
        """Count a frame; False when it is too many."""
        return self._requests.take(now) == 0.0

    def take_state(self, state: str, limit: Rate, now: float) -> bool:
        """Count a request of a state that has its own limit; False when it is too many."""
        if self._states is None:
            self._states = {}
        bucket = self._states.get(state)
        if bucket is None:
            bucket = self._states[state] = Bucket(limit, now)
        return bucket.take(now) == 0.0

    def unused(self, now: float) -> bool:
        """Whether a new allowance would be the same."""
        return self._requests.full(now) and all(
            bucket.full(now) for bucket in (self._states or {}).values()
        )


class Allowances:
    """The returned allowances of all owners that are not full again."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._free: dict[str, list[Allowance]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._free.values()))

    def borrow(self, owner: str, now: float) -> Allowance:
        """The allowance of a new connection of this owner."""
        free = self._free.get(owner)
        if free is None:
            return Allowance(self._rate, now)
        allowance = free.pop()
        if not free:
            del self._free[owner]
        return allowance

    def give_back(self, owner: str, allowance: Allowance, now: float) -> None:
        """The connection has ended."""
        if not allowance.unused(now):
            self._free.setdefault(owner, []).append(allowance)

    def tidy(self, now: float) -> None:
        """Forget allowances that are full again."""
        for owner, free in list(self._free.items()):
            kept = [allowance for allowance in free if not allowance.unused(now)]
            if kept:
                self._free[owner] = kept
            else:
                del self._free[owner]

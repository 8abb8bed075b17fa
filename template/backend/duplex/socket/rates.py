"""How often something may happen: for a connection, an account, an address, a line in the log.

Connections borrow an allowance from their owner, the account or the address of an anonymous client,
and give it back when they end. The owner's next connection gets the allowance that was given back,
with what is left of it: a reconnect renews nothing, and an owner never has more allowances than
connections at a time.
"""

import logging
import time
from collections import OrderedDict

from duplex.options import Rate


class Bucket:
    """A token bucket: `rate.count` at once, refilled evenly; so in any window at most twice the
    rate.
    """

    __slots__ = ("_at", "_capacity", "_left", "_per_second")

    def __init__(self, rate: Rate, now: float) -> None:
        self._capacity = float(max(rate.count, 1))
        self._per_second = rate.per_second
        self._left = self._capacity
        self._at = now

    def take(self, now: float, count: int = 1) -> float:
        """Take `count` tokens and return 0.0, or with too few the seconds until there will be."""
        left = self._left + (now - self._at) * self._per_second
        self._at = now
        if left > self._capacity:
            left = self._capacity
        if left >= count:
            self._left = left - count
            return 0.0
        self._left = left
        return (count - left) / self._per_second

    def fill(self) -> None:
        """Refill it completely."""
        self._left = self._capacity

    def full(self, now: float) -> bool:
        """Whether all tokens are back, so that a new bucket would do as well."""
        return self._left + (now - self._at) * self._per_second >= self._capacity


def small_frames(rate: Rate) -> Rate:
    """How many control frames and fragments fit a rate of requests: ten for each."""
    return Rate(10 * rate.count, rate.seconds)


class RateTable:
    """One rate for each of many keys, such as accounts and addresses."""

    __slots__ = ("_buckets", "_rate")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float) -> float:
        """Count one event of a key: 0.0 if the rate allows it, else the seconds until it will."""
        buckets = self._buckets
        bucket = buckets.get(key)
        if bucket is None:
            bucket = buckets[key] = Bucket(self._rate, now)
        else:
            buckets.move_to_end(key)
        # Two at a time: unused keys are forgotten faster than new ones are added.
        for _ in range(2):
            oldest = next(iter(buckets))
            if oldest == key or not buckets[oldest].full(now):
                break
            del buckets[oldest]
        return bucket.take(now)


class Allowance(Bucket):
    """The token bucket of a connection, and one for each state that has its own limit.
    `strikes` counts the requests that were too many.
    """

    __slots__ = ("_states", "strikes")

    def __init__(self, rate: Rate, now: float) -> None:
        super().__init__(rate, now)
        self._states: dict[str, Bucket] | None = None
        self.strikes = 0

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
        return self.full(now) and all(bucket.full(now) for bucket in (self._states or {}).values())


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


class Reports:
    """Writes warnings to a logger at most once a second, with the number of omitted ones."""

    def __init__(self, logger: logging.Logger, interval: float = 1.0) -> None:
        self._logger = logger
        self._interval = interval
        self._next = 0.0
        self._left_out = 0

    def warn(self, message: str, *values: object) -> None:
        """Write a line; values come from clients and are quoted and cut by `%.200r`, not here."""
        now = time.monotonic()
        if now < self._next:
            self._left_out += 1
            return
        self._next = now + self._interval
        if self._left_out:
            message, values = f"{message} (%d more not shown)", (*values, self._left_out)
            self._left_out = 0
        self._logger.warning(message, *values)

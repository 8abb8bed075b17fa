"""How often something may happen: for one connection, for an account, for an address."""

from collections import OrderedDict

from duplex.units import Rate


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
        """Take so many. 0.0 when there were, else the seconds until there will be."""
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
        """As many as at the beginning."""
        self._left = self._capacity

    def full(self, now: float) -> bool:
        """Whether nothing that was taken counts any more."""
        return self._left + (now - self._at) * self._per_second >= self._capacity


class RateTable:
    """One rate for each of many keys, such as accounts and addresses."""

    __slots__ = ("_buckets", "_rate")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float) -> float:
        """Count one. 0.0 when the rate allows it, else the seconds until it will."""
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

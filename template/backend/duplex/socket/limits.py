"""How often something may happen, and how many sockets there may be."""

from collections import Counter

from duplex.options import Options
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


class ConnectionLimits:
    """Counts the sockets of this process against their limits."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.connections = 0
        self.unauthenticated = 0
        self._addresses: Counter[str] = Counter()
        self._users: Counter[str] = Counter()

    def admit(self, address: str) -> str | None:
        """Count a new socket; or the sentence that says why not, and nothing is counted."""
        options = self._options
        if 0 < options.max_connections <= self.connections:
            return "The server has as many connections as it can hold. Try again later."
        if 0 < options.max_unauthenticated <= self.unauthenticated:
            return "Too many connections are waiting for their first frame. Try again later."
        if 0 < options.max_per_address <= self._addresses[address]:
            return "There are too many connections from your address."
        self.connections += 1
        self.unauthenticated += 1
        self._addresses[address] += 1
        return None

    def greeted(self) -> None:
        """A socket has said its hello."""
        self.unauthenticated -= 1

    def admit_user(self, user: str) -> bool:
        """Count a socket of a user; False, and not counted, when there are too many."""
        if 0 < self._options.max_per_user <= self._users[user]:
            return False
        self._users[user] += 1
        return True

    def gone(self, address: str, user: str | None, *, greeted: bool) -> None:
        """A counted socket is gone; `user` where `admit_user` counted it."""
        self.connections -= 1
        if not greeted:
            self.unauthenticated -= 1
        _less(self._addresses, address)
        if user is not None:
            _less(self._users, user)


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]

"""How many sockets there may be, how often they may come, and which address a client counts as."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Final, Protocol

from duplex.options import Options, Rate
from duplex.socket.rates import Allowances, RateTable

_NETWORK: Final = 4
"""Addresses whose limits, added up, are the limit of an IPv6 /48 network."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a socket is not accepted: an HTTP status, a sentence, in how many seconds to try again
    (None: not at all), and a code for programs.
    """

    status: int
    sentence: str
    retry_after: float | None = 10.0
    code: str = "too_many"


class Limited(Protocol):
    """The attributes of a connection that the limits need."""

    @property
    def address(self) -> str: ...
    @property
    def user(self) -> str | None: ...
    @property
    def greeted(self) -> bool: ...
    def give_way(self) -> None:
        """The connection sends nothing and is in the way of others: drop it."""
        ...


class ConnectionLimits:
    """Counts the sockets of this process against their limits.

    Rates belong to accounts and addresses, not to connections: a reconnect does not renew them.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self.connections = 0
        self.unauthenticated = 0
        self.allowances = Allowances(options.rate)
        self._addresses: Counter[str] = Counter()
        self._networks: Counter[str] = Counter()
        self._users: Counter[str] = Counter()
        self._silent: dict[str, dict[Limited, None]] = {}
        self._dropped: set[Limited] = set()
        self._joins = RateTable(options.join_rate)
        self._network_joins = RateTable(_times(options.join_rate, _NETWORK))
        self._rooms = RateTable(options.room_rate)
        self._network_rooms = RateTable(_times(options.room_rate, _NETWORK))

    # --- sockets

    def admit(self, address: str, now: float) -> Refusal | None:
        """Count a new socket of this address. Where it is refused, it is not counted, but for how
        often the address tries.
        """
        options, around = self._options, network_of(address)
        wait = _take(self._joins, self._network_joins, address, now)
        if wait > 0.0:
            return Refusal(429, "Your address connects too often. Try again later.", wait)
        if 0 < options.max_connections <= self.connections:
            return Refusal(503, "The server has as many connections as it can hold.")
        most = options.max_per_address
        if 0 < most <= self._addresses[address] or 0 < _NETWORK * most <= self._networks[around]:
            return Refusal(503, "There are too many connections from your address.")
        if 0 < options.max_unauthenticated <= self.unauthenticated and not self._make_room(around):
            return Refusal(503, "Too many connections are waiting for their first frame.")
        self.connections += 1
        self.unauthenticated += 1
        self._addresses[address] += 1
        if around != address:
            self._networks[around] += 1
        return None

    def accepted(self, connection: Limited) -> None:
        """An admitted socket was accepted: it is silent until its first frame."""
        self._silent.setdefault(network_of(connection.address), {})[connection] = None

    def spoke(self, connection: Limited) -> None:
        """The first frame of a connection has come."""
        around = network_of(connection.address)
        silent = self._silent.get(around)
        if silent is not None and silent.pop(connection, connection) is None and not silent:
            del self._silent[around]

    def greeted(self) -> None:
        """A socket has joined its session."""
        self.unauthenticated -= 1

    def _make_room(self, around: str) -> bool:
        """Drop the oldest silent socket of the network that has most of them. False if that is the
        network of the newcomer, or there is no silent socket.
        """
        if not self._silent:
            return False
        most = max(self._silent, key=lambda one: len(self._silent[one]))
        if len(self._silent[most]) <= len(self._silent.get(around, ())):
            return False
        oldest = next(iter(self._silent[most]))
        self.spoke(oldest)
        self._dropped.add(oldest)
        self.unauthenticated -= 1
        oldest.give_way()
        return True

    def gone(self, connection: Limited) -> None:
        """A counted socket has ended."""
        address = connection.address
        around = network_of(address)
        self.connections -= 1
        self.spoke(connection)
        if connection in self._dropped:
            self._dropped.discard(connection)
        elif not connection.greeted:
            self.unauthenticated -= 1
        _less(self._addresses, address)
        if around != address:
            _less(self._networks, around)
        if connection.user is not None:
            _less(self._users, connection.user)

    # --- accounts

    def admit_user(self, user: str) -> bool:
        """Count a socket of a user; False, and not counted, when there are too many."""
        if 0 < self._options.max_per_user <= self._users[user]:
            return False
        self._users[user] += 1
        return True

    def may_join(self, user: str, now: float) -> bool:
        """Count that an account joins a session; False when it does so too often. Anonymous clients
        were counted by their address when they connected.
        """
        return self._joins.take(f"account {user}", now) == 0.0

    def may_open(self, owner: str, now: float) -> bool:
        """Count that an account or address opens a new session; False when it does so too often."""
        return _take(self._rooms, self._network_rooms, owner, now) == 0.0


def _take(rates: RateTable, networks: RateTable, owner: str, now: float) -> float:
    """Count one for an owner and for the network around it; the seconds to wait, if any."""
    wait, around = rates.take(owner, now), network_of(owner)
    return wait if around == owner else max(wait, networks.take(around, now))


def _times(rate: Rate, factor: int) -> Rate:
    return Rate(factor * rate.count, rate.seconds)


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


_CUSTOMER: Final = 64
"""Bits of the smallest IPv6 network of one customer: 2**64 addresses."""

_SITE: Final = 48
"""Bits of the largest IPv6 network of one customer: 2**16 of the smallest ones."""


def counted_address(client: Sequence[Any] | None) -> str:
    """The host of an ASGI `client`; with IPv6 the /64 that it is in, which is one customer."""
    host = str(client[0]) if client else "local"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(_prefix(address, _CUSTOMER))


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The /48 around an IPv6 `counted_address`; any other address itself."""
    if ":" not in address or not address.endswith(f"/{_CUSTOMER}"):
        return address
    return str(_prefix(IPv6Network(address).network_address, _SITE))


def bounds_of(owner: str, most: int) -> dict[str, int]:
    """The bounds of what an account or address may keep: its own, and that of the network around
    it.
    """
    bounds = {owner: most}
    bounds.setdefault(network_of(owner), _NETWORK * most)
    return bounds


def _prefix(address: IPv6Address, bits: int) -> IPv6Network:
    rest = 128 - bits
    return IPv6Network((int(address) >> rest << rest, bits))

"""Rates and counts."""

from dataclasses import dataclass

import pytest
from duplex.options import Options, Rate
from duplex.socket.limits import ConnectionLimits
from duplex.socket.rates import Allowances, Bucket, RateTable


def test_a_bucket_gives_its_rate_at_once_and_refills_evenly() -> None:
    bucket = Bucket(Rate(10, 1.0), 100.0)
    assert [bucket.take(100.0) == 0.0 for _ in range(12)] == [True] * 10 + [False] * 2
    assert bucket.take(100.05) > 0.0
    assert bucket.take(100.11) == 0.0
    assert sum(bucket.take(200.0) == 0.0 for _ in range(50)) == 10


def test_a_bucket_says_how_long_to_wait() -> None:
    bucket = Bucket(Rate(1, 60.0), 0.0)
    assert bucket.take(0.0) == 0.0
    assert abs(bucket.take(0.0) - 60.0) < 0.001


def test_each_key_has_its_own_rate_and_is_forgotten_when_it_is_full_again() -> None:
    table = RateTable(Rate(2, 10.0))
    assert [table.take("a", 0.0) == 0.0 for _ in range(3)] == [True, True, False]
    assert table.take("b", 0.0) == 0.0
    assert len(table) == 2
    assert table.take("c", 20.0) == 0.0
    assert len(table) == 1
    assert [table.take("a", 20.0) == 0.0 for _ in range(3)] == [True, True, False]


def test_a_new_connection_does_not_renew_a_used_allowance() -> None:
    allowances = Allowances(Rate(10, 1.0))
    taken = 0
    for _ in range(20):
        allowance = allowances.borrow("ada", 0.0)
        taken += sum(allowance.take(0.0) == 0.0 for _ in range(50))
        allowances.give_back("ada", allowance, 0.0)
    assert taken == 10
    bob = allowances.borrow("bob", 0.0)
    assert sum(bob.take(0.0) == 0.0 for _ in range(50)) == 10


def test_a_new_connection_does_not_renew_the_limit_of_a_state() -> None:
    allowances, rare = Allowances(Rate(10, 1.0)), Rate(1, 3600.0)
    first = allowances.borrow("ada", 0.0)
    assert first.take_state("rare", rare, 0.0)
    allowances.give_back("ada", first, 0.0)
    allowances.tidy(60.0)
    again = allowances.borrow("ada", 60.0)
    assert not again.take_state("rare", rare, 60.0)
    allowances.give_back("ada", again, 60.0)
    allowances.tidy(4000.0)
    assert len(allowances) == 0


def test_an_owner_has_as_many_allowances_as_connections_at_a_time() -> None:
    allowances = Allowances(Rate(10, 1.0))
    both = [allowances.borrow("ada", 0.0) for _ in range(2)]
    assert sum(one.take(0.0) == 0.0 for one in both for _ in range(50)) == 20
    for one in both:
        allowances.give_back("ada", one, 0.0)
    again = [allowances.borrow("ada", 0.0) for _ in range(2)]
    assert not any(one.take(0.0) == 0.0 for one in again)


@dataclass(eq=False)
class Silent:
    """A connection that has sent nothing yet."""

    address: str
    user: str | None = None
    greeted: bool = False
    dropped: bool = False

    def give_way(self) -> None:
        self.dropped = True


def connect(limits: ConnectionLimits, address: str) -> Silent | None:
    """A new silent socket, if it is admitted."""
    if limits.admit(address, 0.0) is not None:
        return None
    connection = Silent(address)
    limits.accepted(connection)
    return connection


def admitted(connection: Silent | None) -> Silent:
    assert connection is not None
    return connection


def test_sockets_are_counted_in_and_out() -> None:
    limits = ConnectionLimits(Options(max_per_address=2, max_per_user=1))
    first, second = admitted(connect(limits, "a")), admitted(connect(limits, "a"))
    assert connect(limits, "a") is None
    third = admitted(connect(limits, "b"))
    assert limits.admit_user("ada")
    assert not limits.admit_user("ada")
    first.user, first.greeted = "ada", True
    limits.spoke(first)
    limits.greeted()
    for connection in (first, second, third):
        limits.gone(connection)
    assert (limits.connections, limits.unauthenticated) == (0, 0)
    assert limits.admit_user("ada")
    assert connect(limits, "a") is not None


def test_newcomers_replace_silent_connections_of_the_address_that_has_most() -> None:
    limits = ConnectionLimits(Options(max_unauthenticated=10, max_per_address=0))
    many = [admitted(connect(limits, "many")) for _ in range(6)]
    few = [admitted(connect(limits, "few")) for _ in range(4)]
    assert connect(limits, "many") is None
    newcomers = [admitted(connect(limits, f"new {number}")) for number in range(4)]
    assert [one.dropped for one in many] == [True, True, True, False, False, False]
    assert [one.dropped for one in few] == [True, False, False, False]
    assert not any(one.dropped for one in newcomers)
    for connection in (*many, *few, *newcomers):
        limits.gone(connection)
    assert (limits.connections, limits.unauthenticated) == (0, 0)


def test_connections_with_a_first_frame_are_not_replaced() -> None:
    limits = ConnectionLimits(Options(max_unauthenticated=2, max_per_address=0))
    for _ in range(2):
        limits.spoke(admitted(connect(limits, "many")))
    assert connect(limits, "new") is None


def test_an_ipv6_network_with_many_addresses_cannot_displace_others() -> None:
    limits = ConnectionLimits(Options(max_unauthenticated=8, max_per_address=3))
    around = [f"2001:db8:1:{number:x}::/64" for number in range(8)]
    silent = [admitted(connect(limits, address)) for address in around]
    assert connect(limits, "2001:db8:1:ffff::/64") is None
    assert connect(limits, "192.0.2.1") is not None
    assert silent[0].dropped


def test_an_ipv6_network_has_bounds_of_its_own() -> None:
    limits = ConnectionLimits(Options(max_per_address=2))
    around = [f"2001:db8:1:{number:x}::/64" for number in range(20)]
    assert sum(connect(limits, address) is not None for address in around) == 8
    assert connect(limits, "2001:db8:2::/64") is not None


def test_an_ipv6_network_opens_only_so_many_sessions() -> None:
    limits = ConnectionLimits(Options(room_rate=Rate(2, 60.0)))
    around = [f"2001:db8:1:{number:x}::/64" for number in range(20)]
    assert sum(limits.may_open(address, 0.0) for address in around) == 8
    assert limits.may_open("2001:db8:2::/64", 0.0)
    assert [limits.may_open("192.0.2.1", 0.0) for _ in range(3)] == [True, True, False]
    assert [limits.may_open("account ada", 0.0) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    "addresses", [["192.0.2.1"] * 9, [f"2001:db8:1:{n:x}::/64" for n in range(30)]]
)
def test_an_address_or_a_network_connects_only_so_often(addresses: list[str]) -> None:
    limits = ConnectionLimits(Options(join_rate=Rate(5, 60.0), max_per_address=0))
    refusals = [limits.admit(address, 0.0) for address in addresses]
    allowed = 5 if len(set(addresses)) == 1 else 20
    assert [refusal is None for refusal in refusals] == [
        number < allowed for number in range(len(addresses))
    ]
    last = refusals[-1]
    assert last is not None
    assert last.status == 429
    assert last.retry_after is not None
    assert 0 < last.retry_after <= 60

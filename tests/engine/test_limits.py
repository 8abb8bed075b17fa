"""Rates and counts."""

from duplex.options import Options
from duplex.socket.limits import Bucket, Census
from duplex.units import Rate


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


def test_the_census_counts_in_and_out() -> None:
    census = Census(Options(max_per_address=2, max_per_user=1))
    assert census.admit("a") is None
    assert census.admit("a") is None
    assert census.admit("a") is not None
    assert census.admit("b") is None
    assert census.admit_user("ada")
    assert not census.admit_user("ada")
    census.greeted()
    census.gone("a", "ada", greeted=True)
    census.gone("a", None, greeted=False)
    census.gone("b", None, greeted=False)
    assert (census.connections, census.unauthenticated) == (0, 0)
    assert census.admit_user("ada")
    assert census.admit("a") is None

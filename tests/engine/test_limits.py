"""Rates and counts."""

from duplex.options import Options
from duplex.socket.limits import Bucket, ConnectionLimits
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


def test_sockets_are_counted_until_they_are_gone() -> None:
    limits = ConnectionLimits(Options(max_per_address=2, max_per_user=1))
    assert limits.admit("a") is None
    assert limits.admit("a") is None
    assert limits.admit("a") is not None
    assert limits.admit("b") is None
    assert limits.admit_user("ada")
    assert not limits.admit_user("ada")
    limits.greeted()
    limits.gone("a", "ada", greeted=True)
    limits.gone("a", None, greeted=False)
    limits.gone("b", None, greeted=False)
    assert (limits.connections, limits.unauthenticated) == (0, 0)
    assert limits.admit_user("ada")
    assert limits.admit("a") is None

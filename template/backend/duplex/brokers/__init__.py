"""Brokers connect processes; `from_url` creates the broker of `BROKER_URL`."""

from urllib.parse import urlsplit

from duplex.brokers.base import Broker, Gathering, Retention

PREFIX = "duplex"
"""The first part of every key in a shared store, unless a project gives its own."""

_GATHERING = Gathering()


def from_url(
    url: str,
    retention: Retention,
    prefix: str = PREFIX,
    gathering: Gathering = _GATHERING,
) -> Broker:
    """The broker of a `BROKER_URL`; `prefix` keeps projects on one store apart.

    The Redis client is imported only where it is used. Raises ValueError for an unknown scheme.
    """
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        from duplex.brokers.memory.broker import MemoryBroker

        return MemoryBroker(retention, gathering)
    if scheme in ("redis", "rediss"):
        from duplex.brokers.redis.broker import RedisBroker

        return RedisBroker(url, retention, gathering, prefix=prefix)
    raise ValueError(f"BROKER_URL is {url!r}; expected memory://, redis://… or rediss://…")

"""Brokers connect processes; `from_url` creates the broker of `BROKER_URL`."""

from importlib import import_module
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
        module = import_module("duplex.brokers.memory.broker")
        return module.MemoryBroker(retention, gathering)
    if scheme in ("redis", "rediss"):
        module = import_module("duplex.brokers.redis.broker")
        return module.RedisBroker(url, retention, gathering, prefix=prefix)
    raise ValueError(f"BROKER_URL is {url!r}; expected memory://, redis://… or rediss://…")

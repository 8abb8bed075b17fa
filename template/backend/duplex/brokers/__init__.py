"""What joins processes; `from_url` makes the broker that `BROKER_URL` names."""

from urllib.parse import urlsplit

from duplex.brokers.base import Broker, Keep


def from_url(url: str, keep: Keep) -> Broker:
    """The broker of a `BROKER_URL`. The Redis client is imported only where it is used.

    Raises ValueError for a scheme there is no broker for.
    """
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        from duplex.brokers.memory.broker import MemoryBroker

        return MemoryBroker(keep)
    if scheme in ("redis", "rediss"):
        from duplex.brokers.redis.broker import RedisBroker

        return RedisBroker(url, keep)
    raise ValueError(f"BROKER_URL is {url!r}; expected memory://, redis://… or rediss://…")

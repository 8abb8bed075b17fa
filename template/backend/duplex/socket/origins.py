"""Which pages may use this server with the user's cookies."""

from collections.abc import Collection
from urllib.parse import urlsplit


def is_allowed(origin: str, host: str, allowed: Collection[str]) -> bool:
    """Whether a request's `Origin` is the page's own (its `Host`) or one of `ALLOWED_ORIGINS`."""
    origin = origin.lower()
    return origin in allowed or (host != "" and urlsplit(origin).netloc == host.lower())

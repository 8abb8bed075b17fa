"""URLs in settings."""

from collections.abc import Collection
from urllib.parse import urlsplit


def is_url(url: str, schemes: Collection[str]) -> bool:
    """Whether it is a URL of one of these schemes, with a host and, if any, a real port."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False

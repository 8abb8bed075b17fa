"""Which pages may use this server with the user's cookies, and under which names it is reached.

A browser names the page in `Origin`. It must be the server's own page, compared by scheme, host and
port, or one of `ALLOWED_ORIGINS`. A browser names the server in `Host`; a name that is not known
may be a foreign domain that was pointed at this server, so that its pages count as the server's own
(DNS rebinding).
"""

import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SAME: Final = {"ws": "http", "wss": "https"}
_HOST: Final = re.compile(r"(\[[0-9a-f:.%]+\]|[^\s\[\]/\\?#@:,]+)(?::(\d{1,5}))?")


class Origin(NamedTuple):
    """A page's or server's origin; the port is always a number."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def read_origin(text: str) -> Origin | None:
    """The origin of an `Origin` header or of a setting; None for anything else, such as `null`."""
    scheme, separator, rest = text.strip().lower().partition("://")
    return read_host(rest, scheme) if separator and scheme in ("http", "https") else None


def read_host(text: str, scheme: str) -> Origin | None:
    """The origin of a `Host` header; None if it is not valid."""
    scheme = _SAME.get(scheme, scheme)
    found = _HOST.fullmatch(text.strip().lower())
    if found is None or scheme not in _PORTS:
        return None
    port = int(found[2]) if found[2] else _PORTS[scheme]
    return Origin(scheme, found[1].rstrip("."), port) if port < 65536 else None


def is_allowed(origin: str, scheme: str, host: str, allowed: Collection[str]) -> bool:
    """Whether the page of an `Origin` may use the server that was asked under `scheme` and `host`:
    it is the server's own page or one of `allowed`.
    """
    page = read_origin(origin)
    if page is None:
        return False
    return page == read_host(host, scheme) or any(_fits(page, each) for each in allowed)


def _fits(page: Origin, allowed: str) -> bool:
    pattern = read_origin(allowed)
    if pattern is None or (pattern.scheme, pattern.port) != (page.scheme, page.port):
        return False
    return is_named(page.host, (pattern.host,))


def is_named(host: str, names: Collection[str]) -> bool:
    """Whether a host is one of these names; `*.example.org` stands for all names below it."""
    return any(
        host == name or (name.startswith("*.") and host.endswith(name[1:]) and host != name[1:])
        for name in names
    )


def is_known(host: str, own: str, allowed_hosts: Collection[str], origins: Collection[str]) -> bool:
    """Whether a `Host` header names this server.

    Known are addresses and names without a dot (no foreign domain can be such a name), names below
    `localhost`, the server's `own` name (HOST), `ALLOWED_HOSTS` and the hosts of `ALLOWED_ORIGINS`.
    """
    if "*" in allowed_hosts:
        return True
    found = read_host(host, "http")
    if found is None:
        return False
    name = found.host
    if "." not in name or name.endswith(".localhost") or name == own.lower() or _is_address(name):
        return True
    pages = [page.host for page in map(read_origin, origins) if page is not None]
    return is_named(name, allowed_hosts) or is_named(name, pages)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def is_host_pattern(text: str) -> bool:
    """Whether this is valid in `ALLOWED_HOSTS`: a name, `*.` and a name, or `*`."""
    return (
        text == "*" or re.fullmatch(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", text) is not None
    )


def is_origin_pattern(text: str) -> bool:
    """Whether this is valid in `ALLOWED_ORIGINS`: an origin, whose host may begin with `*.`."""
    found = read_origin(text)
    if found is None:
        return False
    try:
        parts = urlsplit(text.replace("*.", "", 1) if found.host.startswith("*.") else text)
        return "*" not in parts.netloc and bool(parts.hostname) and parts.path == ""
    except ValueError:
        return False

"""Addresses: which are of this machine, and how a URL names them."""

import ipaddress
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""The hosts that never go through a proxy."""

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}
"""A server listens on all addresses -> the loopback address that reaches it."""


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine's loopback interface."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def reachable_host(host: str) -> str:
    """A host name or address under which a server that listens on `host` can be reached."""
    return ANY_ADDRESS.get(host, host)


def url_of(host: str, port: int) -> str:
    """The URL of a server that listens on `host`, as a browser takes it."""
    reachable = reachable_host(host)
    return f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{port}"

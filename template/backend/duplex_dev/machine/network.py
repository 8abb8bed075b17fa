"""Addresses and ports of this machine, URLs, and waiting until a server responds."""

import errno
import http.client
import ipaddress
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from duplex_dev.console import TaskError

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


POLL = 0.05
"""Seconds between two tries to reach a server that is starting."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port of this address that nothing listens on at this moment."""
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    return _bind_error(host, port) is None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _bind_error(host: str, port: int) -> OSError | None:
    """The system's error when a server cannot listen there; None if it can."""
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
        return None


def must_be_free(host: str, port: int) -> None:
    """Raise TaskError with a remedy when a server cannot listen there."""
    error = _bind_error(host, port)
    if error is None:
        return
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        raise TaskError(
            f"HOST={host} is not an address of this machine: use 127.0.0.1 for this machine alone,"
            " or 0.0.0.0 for the whole network."
        )
    raise TaskError(
        f"Port {port} on {host} is in use (or not allowed)."
        f" Stop what runs there, or set another: PORT={port + 1 if port < 65535 else 8000}"
    )


def responds(port: int, path: str, host: str) -> bool:
    """Whether a server sends any HTTP response at all. Never asks a proxy."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def wait_for(
    port: int,
    path: str,
    alive: Callable[[], bool],
    seconds: float,
    host: str = "127.0.0.1",
) -> bool:
    """Wait until a server responds; False when it has ended, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while alive() and time.monotonic() < deadline:
        if responds(port, path, host):
            return True
        time.sleep(POLL)
    return False

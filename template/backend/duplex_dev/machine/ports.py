"""Ports and waiting for a server of this project to answer."""

import errno
import http.client
import socket
import time
from collections.abc import Callable

from duplex_dev.console import TaskError

POLL = 0.05
"""Seconds between two tries to reach a server that is starting."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    return _hindrance(host, port) is None


def _hindrance(host: str, port: int) -> OSError | None:
    """What the system says when a server wants to listen there; None when it may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
        return None


def must_be_free(host: str, port: int) -> None:
    """Raise TaskError, with the way out, when a server cannot listen there."""
    hindrance = _hindrance(host, port) if port else None
    if isinstance(hindrance, socket.gaierror) or (
        hindrance and hindrance.errno == errno.EADDRNOTAVAIL
    ):
        raise TaskError(
            f"HOST={host} is no address of this machine: 127.0.0.1 is for this machine alone,"
            " 0.0.0.0 for the whole network."
        )
    if hindrance:
        raise TaskError(
            f"Port {port} on {host} is in use (or not allowed)."
            f" Stop what runs there, or set another: PORT={port + 1 if port < 65535 else 8000}"
        )


def answers(port: int, path: str, host: str = "127.0.0.1") -> bool:
    """Whether a server answers there with any HTTP response at all."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def wait_for(port: int, path: str, alive: Callable[[], bool], seconds: float) -> bool:
    """Wait until a server answers; False when it ended before, or `seconds` went by."""
    deadline = time.monotonic() + seconds
    while alive() and time.monotonic() < deadline:
        if answers(port, path):
            return True
        time.sleep(POLL)
    return False

"""Whose address it is, for limits that are counted by address."""

from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any


def site(address: str) -> str | None:
    """The /48 around what `neighbourhood` returned: what one organisation gets. None for IPv4."""
    try:
        network = IPv6Network(address)
    except ValueError:
        return None
    return str(network.supernet(new_prefix=48)) if network.prefixlen == 64 else None


def neighbourhood(client: Sequence[Any] | None) -> str:
    """The host of an ASGI `client`, or the /64 that it is in: with IPv6 that is one customer, who
    could come from 2**64 addresses.
    """
    host = str(client[0]) if client else "local"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))

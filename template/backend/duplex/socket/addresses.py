"""Which address a client counts as, for limits that are counted by address."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Final

_CUSTOMER: Final = 64
"""Bits of the smallest IPv6 network of one customer: 2**64 addresses."""

_SITE: Final = 48
"""Bits of the largest IPv6 network of one customer: 2**16 of the smallest ones."""


def site(address: str) -> str | None:
    """The /48 network (one organisation) of a result of `neighbourhood`. None for IPv4."""
    try:
        network = IPv6Network(address)
    except ValueError:
        return None
    return str(network.supernet(new_prefix=48)) if network.prefixlen == 64 else None


def neighbourhood(client: Sequence[Any] | None) -> str:
    """The host of an ASGI `client`; with IPv6 the /64 that it is in, which is one customer."""
    host = str(client[0]) if client else "local"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(_prefix(address, _CUSTOMER))


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """The /48 around an IPv6 `neighbourhood`; any other address itself."""
    if ":" not in address or not address.endswith(f"/{_CUSTOMER}"):
        return address
    return str(_prefix(IPv6Network(address).network_address, _SITE))


def _prefix(address: IPv6Address, bits: int) -> IPv6Network:
    rest = 128 - bits
    return IPv6Network((int(address) >> rest << rest, bits))

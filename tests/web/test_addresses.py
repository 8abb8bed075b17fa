from typing import Any

import pytest
import yaml
from duplex.socket.limits import counted_address, network_of
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from tools.source import ROOT


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a.socket", "a.socket"),
    ],
)
def test_the_addresses_of_an_ipv6_customer_are_counted_together(host: str, counted: str) -> None:
    assert counted_address((host, 4711)) == counted


def test_clients_of_a_unix_socket_share_one_address() -> None:
    assert counted_address(None) == "local"


def test_an_ipv6_organisation_is_its_48_network() -> None:
    assert network_of(counted_address(("2001:db8:1:2::9", 4711))) == "2001:db8:1::/48"
    assert network_of(counted_address(("2001:db8:1:ffff::9", 4711))) == "2001:db8:1::/48"
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("a.socket") == "a.socket"


async def seen(client: str, forwarded: str) -> str:
    """The address that the application sees, behind a proxy as compose.yml trusts it."""
    found: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(counted_address(scope["client"]))

    scope: Any = {
        "type": "http",
        "scheme": "http",
        "client": (client, 4711),
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }
    wrapped: Any = ProxyHeadersMiddleware(app, trusted_hosts=trusted_network())  # pyright: ignore[reportArgumentType]
    await wrapped(scope, None, None)
    return found[0]


def trusted_network() -> str:
    """The default of FORWARDED_ALLOW_IPS in compose.yml."""
    compose = yaml.safe_load((ROOT / "template" / "compose.yml").read_text(encoding="utf-8"))
    trusted: str = compose["services"]["app"]["environment"]["FORWARDED_ALLOW_IPS"]
    assert compose["networks"]["front"]["ipam"]["config"] == [{"subnet": trusted}]
    return trusted.removeprefix("${FRONT_SUBNET:-").removesuffix("}")


async def test_behind_a_proxy_that_appends_the_limits_see_the_right_address() -> None:
    assert await seen("172.30.219.2", "203.0.113.9") == "203.0.113.9"
    # A proxy appends the address that it has seen: a client can only invent those to the left.
    assert await seen("172.30.219.2", "6.6.6.6, 203.0.113.9") == "203.0.113.9"
    assert await seen("172.30.219.2", "127.0.0.1, 172.30.219.7, 203.0.113.9") == "203.0.113.9"


async def test_only_the_proxys_headers_are_trusted() -> None:
    assert await seen("203.0.113.9", "6.6.6.6") == "203.0.113.9"

import pytest
from duplex.socket.addresses import neighbourhood


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
def test_an_address_is_counted_with_those_of_the_same_customer(host: str, counted: str) -> None:
    assert neighbourhood((host, 4711)) == counted


def test_a_server_behind_a_unix_socket_has_neighbours_too() -> None:
    assert neighbourhood(None) == "local"

import pytest
from duplex.socket.origins import is_allowed, is_host_pattern, is_known, is_origin_pattern

ALLOWED = ["https://other.example", "https://*.wild.example", "http://port.example:8080"]


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "allowed"),
    [
        ("https://example.org", "https", "example.org", True),
        ("https://example.org", "wss", "example.org", True),
        ("http://127.0.0.1:8000", "ws", "127.0.0.1:8000", True),
        ("http://[::1]:8000", "ws", "[::1]:8000", True),
        ("https://EXAMPLE.org", "https", "Example.org", True),
        ("https://example.org", "https", "example.org:443", True),
        ("https://example.org:443", "https", "example.org", True),
        ("http://example.org", "ws", "example.org:80", True),
        ("http://example.org", "https", "example.org", False),
        ("https://example.org", "http", "example.org", False),
        ("https://example.org:80", "http", "example.org", False),
        ("https://other.example", "https", "example.org", True),
        ("https://other.example:443", "https", "example.org", True),
        ("http://other.example", "https", "example.org", False),
        ("https://sub.other.example", "https", "example.org", False),
        ("https://a.wild.example", "https", "example.org", True),
        ("https://a.b.wild.example", "https", "example.org", True),
        ("https://wild.example", "https", "example.org", False),
        ("https://evilwild.example", "https", "example.org", False),
        ("https://a.wild.example.evil", "https", "example.org", False),
        ("http://a.wild.example", "https", "example.org", False),
        ("http://port.example:8080", "https", "example.org", True),
        ("http://port.example", "https", "example.org", False),
        ("https://evil.example", "https", "example.org", False),
        ("https://example.org.evil.example", "https", "example.org", False),
        ("https://example.org:8443", "https", "example.org", False),
        ("https://example.org@evil.example", "https", "example.org", False),
        ("https://evil.example/example.org", "https", "example.org", False),
        ("https://[::1", "https", "example.org", False),
        ("https://\u00e9\x00", "https", "example.org", False),
        ("https://example.org:99999", "https", "example.org:99999", False),
        ("null", "https", "example.org", False),
        ("", "https", "example.org", False),
        ("https://example.org", "https", "", False),
        ("", "https", "", False),
    ],
)
def test_the_origin_must_be_the_servers_own_or_allowed(
    origin: str, scheme: str, host: str, allowed: bool
) -> None:
    assert is_allowed(origin, scheme, host, ALLOWED) is allowed


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("LOCALHOST", True),
        ("app.localhost", True),
        ("127.0.0.1:8000", True),
        ("192.0.2.7", True),
        ("[::1]:8000", True),
        ("app:8000", True),
        ("own.example", True),
        ("own.example.", True),
        ("named.example:8443", True),
        ("a.wild.example", True),
        ("page.example", True),
        ("wild.example", False),
        ("evil.example", False),
        ("evil.example:8000", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("own.example.evil.example", False),
        ("", False),
        ("a b", False),
        ("own.example/evil.example", False),
        ("own.example@evil.example", False),
        ("[::1", False),
        ("own.example:port", False),
        ("own.example:99999", False),
    ],
)
def test_only_known_host_names_are_accepted(host: str, known: bool) -> None:
    hosts, origins = ["named.example", "*.wild.example"], ["https://page.example"]
    assert is_known(host, "own.example", hosts, origins) is known
    assert is_known(host, "own.example", ["*"], ())


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("https://example.org", True),
        ("http://localhost:5173", True),
        ("https://*.example.org", True),
        ("https://*.example.org:8443", True),
        ("*", False),
        ("https://*", False),
        ("*.example.org", False),
        ("https://ex*mple.org", False),
        ("https://*.*.example.org", False),
        ("https://example.org/page", False),
        ("ftp://example.org", False),
        ("https://example.org:0x50", False),
    ],
)
def test_valid_and_invalid_allowed_origins(text: str, fits: bool) -> None:
    assert is_origin_pattern(text) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("example.org", True),
        ("*.example.org", True),
        ("*", True),
        ("https://example.org", False),
        ("example.org:443", False),
        ("ex*mple.org", False),
        ("", False),
    ],
)
def test_valid_and_invalid_allowed_hosts(text: str, fits: bool) -> None:
    assert is_host_pattern(text) is fits

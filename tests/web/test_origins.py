import pytest
from duplex.socket.origins import is_allowed


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("https://example.org", "example.org", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("https://EXAMPLE.org", "Example.org", True),
        ("https://other.example", "example.org", True),
        ("https://evil.example", "example.org", False),
        ("https://example.org.evil.example", "example.org", False),
        ("https://example.org:8443", "example.org", False),
        ("https://example.org@evil.example", "example.org", False),
        ("null", "example.org", False),
        ("", "example.org", False),
        ("https://example.org", "", False),
        ("", "", False),
    ],
)
def test_whose_page_it_is(origin: str, host: str, allowed: bool) -> None:
    assert is_allowed(origin, host, ["https://other.example"]) is allowed

"""`poe dev` passes the settings on to Vite in Vite's own words."""

import pytest
from duplex_dev.commands.dev import vite_hosts


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ((), []),
        (("my-laptop.local", "*.tunnel.example"), ["my-laptop.local", ".tunnel.example"]),
        (("*",), True),
        (("one.example", "*"), True),
    ],
)
def test_other_host_names_are_allowed_in_vite_too(
    allowed: tuple[str, ...], expected: list[str] | bool
) -> None:
    assert vite_hosts(allowed) == expected

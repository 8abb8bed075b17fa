import pytest
from duplex.accounts.users import Email
from pydantic import TypeAdapter, ValidationError

EMAIL: TypeAdapter[str] = TypeAdapter(Email)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada.L@EXAMPLE.org ", "ada.l@example.org"),
        ("ada@intranet.local", "ada@intranet.local"),
        ("ada@localhost", "ada@localhost"),
        ("ada+notes@a-b.test", "ada+notes@a-b.test"),
        ("ada@b\u00fccher.example", "ada@b\u00fccher.example"),
        ("ada@xn--bcher-kva.example", "ada@b\u00fccher.example"),
    ],
)
def test_an_address_has_one_spelling(written: str, stored: str) -> None:
    assert EMAIL.validate_python(written) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "a b@example.org",
        "a@b@c.org",
        ".a@b.org",
        "a..b@c.org",
        "a@b..c",
        "a@-b.org",
        "a@b_c.org",
        "a@.",
        '"a"@b.org',
        "Ada <a@b.org>",
        "a@[127.0.0.1]",
        "a\n@b.org",
        "x" * 65 + "@b.org",
        "x" * 250 + "@example.org",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValidationError):
        EMAIL.validate_python(text)

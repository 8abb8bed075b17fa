import pytest
from duplex.accounts.emails import EMAIL
from duplex.accounts.tables.lengths import EMAIL_MAX
from pydantic import ValidationError


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
        # The sign of the Kelvin and a full-width letter, as a homograph of an existing account.
        ("mi\u212ae@example.org", "mike@example.org"),
        ("nguye\u0302\u0303n@example.org", "nguy\u1ec5n@example.org"),
        ("ada@\uff45xample.org", "ada@example.org"),
    ],
)
def test_spellings_of_an_address_are_normalised(written: str, stored: str) -> None:
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
        # Mail programs decode this word, and deliver to another address.
        "=?utf-8?q?eve=40evil.test=2c?=@b.org",
        "=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLnRlc3Q=?=@b.org",
        # These look like another address.
        "ad\u200ba@b.org",
        "ada\u202e@b.org",
        "ada\u00ad@b.org",
        "ad\ufeffa@b.org",
        "ada\ue000@b.org",
        "ada\x85@b.org",
        "a" + "\u0301" * 6 + "da@b.org",
        "ada@b.org\x00",
        "ada@b.org\r\nBcc: eve@evil.test",
        "ada@b.org,eve@evil.test",
        "ada@\u3002org",
        "ada@b.org.",
        "x" * 250 + "@example.org",
        # 243 characters that IDNA makes 705 of.
        "a@" + ".".join(["\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 3] * 60),
        "a@" + "\N{ARABIC LIGATURE JALLAJALALOUHOU}" * 241,
    ],
)
def test_refused_addresses(text: str) -> None:
    with pytest.raises(ValidationError):
        EMAIL.validate_python(text)


def test_the_longest_address_fits_after_it_was_normalised() -> None:
    label = "x" * 63
    domain = f"{label}.{label}.{label}"
    longest = "y" * (EMAIL_MAX - len(domain) - 1)
    assert len(EMAIL.validate_python(f"{longest}@{domain}")) == EMAIL_MAX
    with pytest.raises(ValidationError):
        EMAIL.validate_python(f"y{longest}@{domain}")

"""Which passwords are accepted: NIST SP 800-63B-4 and OWASP ASVS 5, level 2.

Length is measured in characters after Unicode's NFC. There are no rules about kinds of characters.
Passwords that attackers try first (zxcvbn's lists and combinations of their entries) and passwords
that consist mostly of names of the account or the project are refused.
"""

import re
from collections.abc import Iterable
from threading import Lock
from typing import Annotated
from unicodedata import normalize

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from zxcvbn import zxcvbn

from duplex.accounts.services import Services
from duplex.accounts.tables.account import Account
from duplex.settings import PASSWORD_LENGTH
from duplex.web.errors import ApiError

SHORTEST_ALONE = PASSWORD_LENGTH
"""Characters, where the password is the only factor."""

SHORTEST_WITH_SECOND_FACTOR = 8

LONGEST = 256

FEWEST_GUESSES = 10**8
"""Passwords with fewer guesses, by zxcvbn's estimate, are refused as too common."""

_LOOKED_AT = 72
"""Characters that zxcvbn looks at: its work grows with the square of the length."""

_SHORTEST_NAME = 4
"""Shorter names occur in other words."""

_estimating = Lock()
"""zxcvbn keeps the names of the present call in a global dictionary."""


def _compose(password: object) -> object:
    return normalize("NFC", password) if isinstance(password, str) else password


def _check_text(password: SecretStr) -> SecretStr:
    # JSON can spell half of a character, which has no bytes to hash.
    if any("\ud800" <= character <= "\udfff" for character in password.get_secret_value()):
        raise ValueError("contains an invalid character")
    return password


GivenPassword = Annotated[
    SecretStr,
    Field(min_length=1, max_length=LONGEST),
    BeforeValidator(_compose),
    AfterValidator(_check_text),
]
"""A password as it was typed, normalised (NFC); `check` decides whether it is accepted."""


def check(password: str, *, shortest: int, own: Iterable[str]) -> str | None:
    """Why a new password is refused, as a sentence; None for a good one. Takes milliseconds."""
    if len(password) < shortest:
        return f"The password needs at least {shortest} characters."
    if not password.strip():
        return "The password needs more than spaces."
    names = _names(own)
    if _mostly_names(password, names):
        return "The password is mostly your own name, your e-mail address or this project's name."
    if _guesses(password, names) < FEWEST_GUESSES:
        return "This password is one of those that attackers try first. Please choose another one."
    return None


def require_good(
    services: Services, password: SecretStr, *, shortest: int, email: str, name: str
) -> None:
    """Raise a 422 `weak_password` for a password that is refused."""
    own = (email, name, services.project.name, services.project.slug)
    if reason := check(password.get_secret_value(), shortest=shortest, own=own):
        raise ApiError(422, "weak_password", reason)


def require_good_for(
    services: Services, password: SecretStr, user: Account, *, second_factor: bool
) -> None:
    """`require_good` for the account of this user."""
    shortest = SHORTEST_WITH_SECOND_FACTOR if second_factor else SHORTEST_ALONE
    require_good(services, password, shortest=shortest, email=user.email, name=user.name)


def _names(own: Iterable[str]) -> list[str]:
    """Names and their parts, the longest first."""
    found: set[str] = set()
    for text in own:
        name = normalize("NFC", text).casefold()
        found |= {name, *re.split(r"[\W_]+", name)}
    return sorted((name for name in found if len(name) >= _SHORTEST_NAME), key=len, reverse=True)


def _mostly_names(password: str, names: Iterable[str]) -> bool:
    rest = folded = password.casefold()
    for name in names:
        rest = rest.replace(name, "")
    return len(rest) * 2 < len(folded)


def _guesses(password: str, names: list[str]) -> float:
    with _estimating:
        found = zxcvbn(password[:_LOOKED_AT], user_inputs=names)
    return float(found["guesses"])

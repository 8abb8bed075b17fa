"""Values of settings: lists, sizes, rates, URLs and secrets, and the messages about bad ones."""

import re
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import NoDecode

from duplex.options import Rate, parse_size


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _size(value: object) -> object:
    return parse_size(value) if isinstance(value, str) else value


def _rate(value: object) -> object:
    return Rate.parse(value) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]
Size = Annotated[int, BeforeValidator(_size)]
RateSetting = Annotated[Rate, NoDecode, BeforeValidator(_rate)]


def is_url(url: str, schemes: Collection[str]) -> bool:
    """Whether it is a URL of one of these schemes, with a host and, if any, a real port."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def explain(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[str]:
    """One line per bad setting: its name, its value unless it is secret, and what is expected."""
    lines: list[str] = []
    for detail in error.errors():
        reason = str(detail.get("ctx", {}).get("error", ""))
        if not detail["loc"]:
            # A validator of the whole model: its own words name the settings.
            lines.append(reason or detail["msg"])
            continue
        name = str(detail["loc"][0])
        field = fields[name]
        expected = reason or field.description
        shown = _shown(field, detail["input"])
        lines.append(
            f"{name.upper()}: {shown}; expected {expected}"
            if expected
            else f"{name.upper()}: {shown}: {detail['msg']}"
        )
    return lines


def _shown(field: FieldInfo, value: object) -> str:
    if value is None or value == () or value == "":
        return "nothing is set"
    if "Secret" in repr(field.annotation):
        return "the value (not shown) is not valid"
    # A URL's password, if it has one, stays out of terminals and logs.
    return f"{re.sub(r'//.*@', '//…@', str(value))!r} is not valid"


_EXAMPLES = (
    "change", "example", "secret", "default", "password", "insecure", "replace", "dummy",
    "sample", "your", "todo", "foobar", "lorem", "test",
)  # fmt: skip
_ROWS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm")
_NEIGHBOURS = {pair for row in _ROWS for pair in pairwise(row)}

_FEWEST_CHARACTERS = 8
_MOST_OF_IT = 0.5
"""A pattern has at least this share of its characters in runs such as `abc`, `987` or `qwe`."""
_VOWELS = 0.3
"""Words have at least this share of vowels; of random letters, 5 in 26 are."""


def is_made_up(secret: str) -> bool:
    """Whether a secret looks like an example, a phrase or a pattern.

    A false alarm among random secrets of 32 characters is rarer than one in a million, but for
    the words, which one of some 100,000 contains.
    """
    lower = secret.lower()
    return (
        len(set(secret)) < _FEWEST_CHARACTERS
        or any(word in lower for word in _EXAMPLES)
        or _repeats(lower)
        or _is_sequence(lower)
        or _is_phrase(secret)
    )


def _repeats(text: str) -> bool:
    """Whether it consists mostly of repetitions of a part of at most half its length."""
    return any(
        sum(a == b for a, b in zip(text, text[size:], strict=False)) >= 0.9 * (len(text) - size)
        for size in range(1, len(text) // 2 + 1)
    )


def _is_sequence(text: str) -> bool:
    """Whether it consists mostly of runs of three or more consecutive characters."""
    kinds = [_step(before, after) for before, after in pairwise(text)]
    in_runs = sum(kind is not None and kind == before for before, kind in pairwise(kinds))
    return in_runs >= _MOST_OF_IT * (len(text) - 2)


def _step(before: str, after: str) -> int | str | None:
    distance = ord(after) - ord(before)
    if abs(distance) <= 1:
        return distance
    return "row" if (before, after) in _NEIGHBOURS else None


def _is_phrase(text: str) -> bool:
    """Words, with something between them or not: `my-super-duper-long-key-for-app-1`."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    plain = [word for word in words if re.fullmatch(r"[A-Za-z]?[a-z]*|[A-Z]*|[0-9]*", word)]
    if len(words) >= 4:
        return len(plain) == len(words)
    vowels = sum(character in "aeiou" for character in text.lower())
    return text.isalpha() and len(plain) == len(words) and vowels >= _VOWELS * len(text)

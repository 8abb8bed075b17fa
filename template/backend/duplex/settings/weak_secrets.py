"""Recognises secrets that are not random: examples, words and patterns."""

import re
from itertools import pairwise

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
    kinds = [_step(one, other) for one, other in pairwise(text)]
    in_runs = sum(kind is not None and kind == before for before, kind in pairwise(kinds))
    return in_runs >= _MOST_OF_IT * (len(text) - 2)


def _step(one: str, other: str) -> int | str | None:
    distance = ord(other) - ord(one)
    if abs(distance) <= 1:
        return distance
    return "row" if (one, other) in _NEIGHBOURS else None


def _is_phrase(text: str) -> bool:
    """Words, with something between them or not: `my-super-duper-long-key-for-app-1`."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    plain = [word for word in words if re.fullmatch(r"[A-Za-z]?[a-z]*|[A-Z]*|[0-9]*", word)]
    if len(words) >= 4:
        return len(plain) == len(words)
    vowels = sum(character in "aeiou" for character in text.lower())
    return text.isalpha() and len(plain) == len(words) and vowels >= _VOWELS * len(text)

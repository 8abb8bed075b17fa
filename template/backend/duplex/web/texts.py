"""Lines of text that people type and the database keeps."""

from typing import Annotated
from unicodedata import category

from pydantic import AfterValidator, StringConstraints


def is_line(text: str) -> bool:
    """Whether there are no control characters in it.

    PostgreSQL keeps no NUL in a text, and nobody can see the others.
    """
    return all(category(character) != "Cc" for character in text)


def _check(text: str) -> str:
    if not is_line(text):
        raise ValueError("control characters cannot be used")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_check)
]
"""Something to read, without spaces around it; say how long it may be where it is used."""

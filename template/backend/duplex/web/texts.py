"""Lines of text that people type and the database keeps."""

from typing import Annotated
from unicodedata import category

from pydantic import AfterValidator, StringConstraints


def is_line(text: str) -> bool:
    """Whether the text has no control characters.

    PostgreSQL cannot store NUL in a text, and the others are invisible.
    """
    return all(category(character) != "Cc" for character in text)


def _check(text: str) -> str:
    if not is_line(text):
        raise ValueError("control characters cannot be used")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_check)
]
"""A line of text, stripped; its maximum length is declared where it is used."""

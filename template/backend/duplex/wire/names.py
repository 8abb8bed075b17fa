"""Names that people give themselves: one line of text that others can see."""

from typing import Annotated, Final
from unicodedata import category

from pydantic import AfterValidator, StringConstraints

from duplex.wire.protocol import NAME_MAX

_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that no name contains: controls, line breaks, private characters."""

_FORMAT_ALLOWED: Final = frozenset("\u200c\u200d")
"""Joiners, which emoji and some scripts need. All other format characters are refused: they turn
the text around them (bidi controls) or cannot be seen.
"""

_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that look like nothing."""

_INVISIBLE: Final = frozenset({"Cf", "Mn", "Me", "Zs"})
"""Categories of characters that are not visible on their own."""


def is_name(text: str) -> bool:
    """Whether a text can be shown as a name: no control characters, line breaks, bidi controls or
    hidden characters, and something visible.
    """
    visible = False
    for character in text:
        kind = category(character)
        if kind in _FORBIDDEN or (kind == "Cf" and not _is_allowed(character)):
            return False
        visible = visible or (kind not in _INVISIBLE and character not in _BLANK)
    return visible


def _is_allowed(character: str) -> bool:
    # The tags U+E0020 to U+E007F spell the flags of regions.
    return character in _FORMAT_ALLOWED or "\U000e0020" <= character <= "\U000e007f"


def check_name(text: str) -> str:
    """The name. Raises ValueError for one that cannot be shown."""
    if not is_name(text):
        raise ValueError("a name is one line of visible text, without control characters")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=NAME_MAX),
    AfterValidator(check_name),
]
"""A participant's or an account's name."""

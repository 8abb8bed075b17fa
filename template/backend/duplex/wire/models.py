"""The base of all models on the wire, the model of the first frame, and names of people.

A name is one line of text that others can see.
"""

from typing import Annotated, Final
from unicodedata import category

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from duplex.wire import protocol
from duplex.wire.protocol import NAME_MARKS_MAX, NAME_MAX

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

_STACKED: Final = frozenset({"Mn", "Me"})
"""Combining marks that take no room in the line: they are drawn above, below or around a letter."""

_BETWEEN: Final = frozenset({"Mc", "Cf"})
"""Characters after which the next mark is still drawn at the same letter."""


def is_name(text: str) -> bool:
    """Whether a text can be shown as a name: no control characters, line breaks, bidi controls,
    hidden characters or piles of marks, and something visible.
    """
    if has_piled_marks(text):
        return False
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


def has_piled_marks(text: str) -> bool:
    """Whether a character has more combining marks than any language needs."""
    marks = 0
    for character in text:
        kind = category(character)
        if kind in _STACKED:
            marks += 1
            if marks > NAME_MARKS_MAX:
                return True
        elif kind not in _BETWEEN:
            marks = 0
    return False


def check_name(text: str) -> str:
    """The name. Raises ValueError for one that cannot be shown."""
    if has_piled_marks(text):
        raise ValueError("a character of a name has too many accents or other marks")
    if not is_name(text):
        raise ValueError("a name is one line of visible text, without control characters")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=NAME_MAX),
    AfterValidator(check_name),
]
"""A participant's or an account's name."""


class Model(BaseModel):
    """The base of requests, responses, events and documents: unknown fields are an error, and NaN
    is not a number.
    """

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )


def _no_name(name: object) -> object:
    """None for an empty name, which asks for the default."""
    return None if isinstance(name, str) and not name.strip(" ") else name


class Resume(BaseModel):
    """Proof of a returning client: its secret token and the last number that it received."""

    token: Annotated[str, StringConstraints(max_length=protocol.RESUME_TOKEN_MAX)]
    epoch: Annotated[str, StringConstraints(max_length=protocol.ID_MAX)]
    seq: int


class Hello(BaseModel):
    """The first frame. Every field is optional; unknown fields of newer clients are ignored."""

    model_config = ConfigDict(extra="ignore")

    token: Annotated[str, StringConstraints(max_length=protocol.TOKEN_MAX)] | None = None
    session: Annotated[str, StringConstraints(pattern=f"^{protocol.ID_PATTERN}$")] | None = None
    name: Annotated[Name | None, BeforeValidator(_no_name)] = None
    resume: Resume | None = None
    contract: Annotated[str, StringConstraints(max_length=protocol.FINGERPRINT_MAX)] | None = None


def pack(model: BaseModel, declared: type[BaseModel] | None = None) -> bytes:
    """A response or document as JSON, with the fields and aliases of the contract: those of the
    `declared` model, without fields that only a subclass of it has.
    """
    return (declared or type(model)).__pydantic_serializer__.to_json(model, by_alias=True)

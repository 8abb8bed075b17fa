"""The base of all models on the wire, their schemas and JSON, the model of the first frame, and
names of people.

A name is one line of text that others can see.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Final, cast
from unicodedata import category

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticSerializationError

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
    return not has_piled_marks(text) and _is_visible_line(text)


def _is_visible_line(text: str) -> bool:
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
    if not _is_visible_line(text):
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


_NO_SCHEMAS: Final = frozenset(
    {"cls", "default", "expected", "members", "metadata", "serialization"}
)
"""Keywords of a schema whose values are not schemas."""


def schemas(model: type[BaseModel]) -> Iterator[Mapping[str, Any]]:
    """Pydantic's schema of a model, and every schema inside it."""
    return _schemas(model.__pydantic_core_schema__)


def _schemas(part: object) -> Iterator[Mapping[str, Any]]:
    inner: Iterable[object] = ()
    if isinstance(part, list | tuple):
        inner = cast("Sequence[object]", part)
    elif isinstance(part, dict):
        mapping = cast("dict[str, object]", part)
        inner = mapping.values()
        # Otherwise it has the schemas of fields or choices by their names, and `type` may be one.
        if isinstance(mapping.get("type"), str):
            yield mapping
            inner = (value for word, value in mapping.items() if word not in _NO_SCHEMAS)
    for each in inner:
        yield from _schemas(each)


_FINITE: Final = frozenset(
    {
        "bool", "bytes", "date", "datetime", "decimal", "default", "definition-ref", "definitions",
        "dict", "enum", "float", "function-after", "function-before", "int", "list", "literal",
        "model", "model-field", "model-fields", "no-info", "none", "nullable", "set", "str",
        "tagged-union", "time", "timedelta", "tuple", "union", "url", "uuid", "with-info",
    }
)  # fmt: skip
"""Types that refuse the number infinity, in a model that does not allow it."""


def accepts_infinity(model: type[BaseModel]) -> bool:
    """Whether a number of the model may be infinite, for example in a field of the type `Any`.
    Parsing `1e999` gives infinity, which cannot be written as JSON again.
    """
    return any(_accepts_infinity(schema) for schema in schemas(model))


def _accepts_infinity(schema: Mapping[str, Any]) -> bool:
    if schema["type"] != "model":
        return schema["type"] not in _FINITE
    config: Mapping[str, Any] = schema.get("config", {})
    return config.get("allow_inf_nan", True) or config.get("extra_fields_behavior") == "allow"


_FREE: Final = frozenset(
    {
        "any", "bool", "bytes", "date", "datetime", "default", "definition-ref", "definitions",
        "dict", "enum", "int", "list", "literal", "model", "model-field", "model-fields", "none",
        "nullable", "set", "str", "time", "timedelta", "uuid",
    }
)  # fmt: skip
"""Types whose values are always valid if they have the declared type and no bounds."""

_BOUNDS: Final = frozenset(
    {
        "ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "now_op", "pattern",
        "strict", "str_max_length", "str_min_length", "tz_constraint", "version",
    }
)  # fmt: skip
"""Keywords with which a type refuses some of its values."""


@cache
def has_bounds(model: type[BaseModel]) -> bool:
    """Whether a document of this model may refuse values of the declared types, for a bound or a
    validator.

    Assignments and appends are not validated, so a changed document with bounds is parsed before
    it is stored, which costs three times as much as writing it. Other documents do not need it.
    """
    return any(
        schema["type"] not in _FREE or _BOUNDS & {*schema, *schema.get("config", ())}
        for schema in schemas(model)
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


def pack_document(
    document: BaseModel, kind: type[BaseModel], stored: bytes | None
) -> tuple[bytes, BaseModel]:
    """The JSON of a document, and the document as its JSON is read. Raises pydantic's errors for a
    value of another type than declared or out of bounds: nobody could read such a document again.
    `stored` is its JSON before the change, if it is known.
    """
    serializer = kind.__pydantic_serializer__
    try:
        text = serializer.to_json(document, by_alias=True, warnings="error")
    except PydanticSerializationError:
        # The value may still be valid when it is parsed, for example a tuple for a list.
        text = serializer.to_json(document, by_alias=True, warnings=False)
        return text, kind.model_validate_json(text)
    # Pydantic writes None without a warning where no None is allowed.
    checked = has_bounds(kind) or b"null" in text
    if checked and stored is not None and text != stored:
        kind.model_validate_json(text)
    return text, document

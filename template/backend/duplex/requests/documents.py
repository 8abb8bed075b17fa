"""Writes a changed document, and decides whether it has to be validated before it is stored."""

from functools import cache
from typing import cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from duplex.wire.errors import DocumentTooLarge

_FREE = frozenset(
    {
        "any", "bool", "bytes", "date", "datetime", "default", "definition-ref", "definitions",
        "dict", "enum", "int", "list", "literal", "model", "model-field", "model-fields", "none",
        "nullable", "set", "str", "time", "timedelta", "uuid",
    }
)  # fmt: skip
"""Types whose values are always valid if they have the declared type and no bounds."""

_BOUNDS = frozenset(
    {
        "ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "now_op", "pattern",
        "strict", "str_max_length", "str_min_length", "tz_constraint", "version",
    }
)  # fmt: skip


_NO_SCHEMAS = frozenset({"cls", "default", "expected", "members", "metadata", "serialization"})
"""Keywords of a schema whose values are not schemas."""


def write(
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


def check_size(text: bytes, limit: int, stored: bytes | None = None) -> None:
    """Raises `DocumentTooLarge`. A document that is too large already may become smaller."""
    if len(text) > limit and (stored is None or len(text) > len(stored)):
        raise DocumentTooLarge(len(text), limit)


@cache
def has_bounds(model: type[BaseModel]) -> bool:
    """Whether the document may refuse values of the declared types, for a bound or a validator.

    Assignments and appends are not validated, so a changed document with bounds is parsed before
    it is stored, which costs three times as much as writing it. Other documents do not need it.
    """
    return _is_bound(model.__pydantic_core_schema__)


def _is_bound(part: object) -> bool:
    if isinstance(part, list | tuple):
        return any(map(_is_bound, cast("list[object]", part)))
    if not isinstance(part, dict):
        return False
    schema = cast("dict[str, object]", part)
    if schema.get("type", "any") not in _FREE or _BOUNDS & schema.keys():
        return True
    return any(_is_bound(value) for word, value in schema.items() if word not in _NO_SCHEMAS)

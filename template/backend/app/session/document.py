"""What a session's shared document must be able to do: begin by itself, and survive its own JSON.

It is stored and sent as JSON and read back before each change, so a field that is only written (a
computed one), or is written under another name than it is read, would fail at a user's first edit.
"""

from functools import cache
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import JsonSchemaMode

from app.session.dispatch import BadState
from app.session.model_schemas import ModelSchemas

Properties = dict[str, frozenset[str]]
"""The fields on the wire by model."""

_FREE = frozenset(
    {
        "any", "bool", "bytes", "date", "datetime", "default", "definition-ref", "definitions",
        "dict", "enum", "int", "list", "literal", "model", "model-field", "model-fields", "none",
        "nullable", "set", "str", "time", "timedelta", "uuid",
    }
)  # fmt: skip
"""Kinds of values that are read back whenever they have the declared type, if no bound is set."""

_BOUNDS = frozenset(
    {
        "ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "now_op", "pattern",
        "strict", "str_max_length", "str_min_length", "tz_constraint", "version",
    }
)  # fmt: skip


def check_document(model: type[BaseModel]) -> None:
    """Raises `BadState` for a document that cannot be what sessions share."""
    where = f"{model.__module__}.{model.__qualname__}"
    written, read = _properties(model, "serialization"), _properties(model, "validation")
    for name in sorted(written):
        fields = written[name] ^ read.get(name, frozenset())
        if fields:
            listed = ", ".join(f"`{field}`" for field in sorted(fields))
            raise BadState(
                f"{where}: {listed} of {name} is written but not read, or the other way round; "
                "a shared document is read back from its JSON: use plain fields, with one alias"
            )
    try:
        model()
    except ValidationError as error:
        missing = ", ".join(f"`{'.'.join(map(str, one['loc']))}`" for one in error.errors())
        raise BadState(f"{where}: a new session needs a default for {missing}") from None


def _properties(model: type[BaseModel], mode: JsonSchemaMode) -> Properties:
    schema: dict[str, Any] = model.model_json_schema(mode=mode, schema_generator=ModelSchemas)
    every = {**schema.get("$defs", {}), model.__name__: schema}
    return {name: frozenset(one.get("properties", ())) for name, one in every.items()}


@cache
def has_bounds(model: type[BaseModel]) -> bool:
    """Whether the document may refuse values of the declared types, for a bound or a validator.

    Assignments and appends are not checked, so a changed one has to be read back before it is
    stored, at three times the cost of writing it. Other documents are spared that.
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


_NO_SCHEMAS = frozenset({"cls", "default", "expected", "members", "metadata", "serialization"})

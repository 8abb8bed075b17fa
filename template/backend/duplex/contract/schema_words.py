"""Schemas in words, for readers."""

import json
from typing import Any, cast

from duplex.contract.describe import Schema

BOUNDS = (
    "minLength",
    "maxLength",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "pattern",
    "uniqueItems",
)
"""Keywords that restrict a type without changing it."""

_WORDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
    "pattern": "matches {}",
}
_KINDS = {"integer": "whole number", "string": "text", "null": "null", "boolean": "true or false"}


def bounds(schema: Schema) -> list[str]:
    """The limits of a value, one phrase each."""
    return [bound(word, schema[word]) for word in BOUNDS if word in schema]


def bound(word: str, value: Any) -> str:
    """One limit; `value` is None if there is none."""
    if value is None:
        return "no such limit"
    if word == "uniqueItems":
        return "no item twice" if value else "items may repeat"
    return _WORDS[word].format(value)


def kind(schema: Schema) -> str:
    """The type in words: `whole number`, `list of text`, `Entry or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return literal(schema["const"])
    if "enum" in schema:
        return " or ".join(map(literal, schema["enum"]))
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(kind(part) for part in schema[choice]))
    if "allOf" in schema:
        return " and ".join(kind(part) for part in schema["allOf"])
    match schema.get("type"):
        case "array":
            return _list_kind(schema)
        case "object":
            return _object_kind(schema)
        case str(name):
            form = schema.get("format") or schema.get("contentEncoding")
            return _KINDS.get(name, name) + (f" ({form})" if form else "")
        case _:
            return "anything"


def literal(value: Any) -> str:
    """A fixed value as JSON."""
    return json.dumps(value, ensure_ascii=False)


def _list_kind(schema: Schema) -> str:
    parts: Schema | list[Schema] | None = schema.get("prefixItems", schema.get("items"))
    if isinstance(parts, list):
        return f"[{', '.join(kind(part) for part in parts)}]"
    if not parts:
        return "list"
    inner = kind(parts)
    return f"list of ({inner})" if " or " in inner else f"list of {inner}"


def _object_kind(schema: Schema) -> str:
    """`object of text`, with its keys if they are restricted."""
    patterns: list[Schema] = list(schema.get("patternProperties", {}).values())
    values = patterns[0] if len(patterns) == 1 else schema.get("additionalProperties")
    if "properties" in schema or not isinstance(values, dict):
        return "object"
    keys = schema.get("propertyNames")
    by = f" by {kind({'type': 'string', **keys} if 'format' in keys else keys)}" if keys else ""
    inner = kind(cast("Schema", values))
    return f"object of ({inner}){by}" if by and " or " in inner else f"object of {inner}{by}"

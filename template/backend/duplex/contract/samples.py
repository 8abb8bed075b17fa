"""Example data for a schema, which must be valid."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from duplex.contract.describe import REFERENCE, Schema

DEEPEST = 12
"""Types inside each other; a recursive type that must contain itself has no example."""

_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


class NoSample(Exception):
    """No example can be made: a pattern, or bounds that leave no obvious value."""


def valid_samples(
    model: type[BaseModel], schema: Schema, definitions: Mapping[str, Schema]
) -> Iterator[Any]:
    """Examples of `schema` that its `model` accepts: one in which every object is whole, and one
    without optional fields of inner objects. Fewer, or none, where no valid value is obvious.
    """
    for whole in (True, False):
        try:
            data = sample(schema, definitions, whole=whole)
            model.model_validate_json(json.dumps(data))
        except (NoSample, ValidationError):
            continue
        yield data


def sample(
    schema: Schema,
    definitions: Mapping[str, Schema],
    *,
    whole: bool,
    name: str = "",
    depth: int = 0,
) -> Any:
    """A value of this schema; `whole` objects have every field, others only required fields.

    `name` is the field's, which is used as the example of a text. Raises `NoSample`.
    """
    if depth > DEEPEST:
        raise NoSample
    if "$ref" in schema:
        target = definitions[str(schema["$ref"]).removeprefix(REFERENCE)]
        return sample(target, definitions, whole=whole, name=name, depth=depth + 1)
    if "const" in schema:
        return schema["const"]
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    if schema.get("default") not in (None, "", [], {}):
        return schema["default"]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _first(schema[choice], definitions, whole=whole, name=name, depth=depth)
    match schema.get("type"):
        case "object":
            return _object(schema, definitions, whole=whole, depth=depth)
        case "array":
            return _array(schema, definitions, whole=whole, name=name, depth=depth)
        case "string":
            return _text(schema, name)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return False
        case _:
            return None


def _first(
    parts: list[Schema], definitions: Mapping[str, Schema], *, whole: bool, name: str, depth: int
) -> Any:
    for part in parts:
        try:
            return sample(part, definitions, whole=whole, name=name, depth=depth + 1)
        except NoSample:
            continue
    raise NoSample


def _object(
    schema: Schema, definitions: Mapping[str, Schema], *, whole: bool, depth: int
) -> dict[str, Any]:
    required = schema.get("required", [])
    made: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        if not (whole or name in required or depth == 0):
            continue
        try:
            made[name] = sample(part, definitions, whole=whole, name=name, depth=depth + 1)
        except NoSample:
            if name in required:
                raise
    if len(made) < schema.get("minProperties", 0):
        raise NoSample
    return made


def _array(
    schema: Schema, definitions: Mapping[str, Schema], *, whole: bool, name: str, depth: int
) -> list[Any]:
    if "prefixItems" in schema:
        return [
            sample(part, definitions, whole=whole, name=name, depth=depth + 1)
            for part in schema["prefixItems"]
        ]
    least = schema.get("minItems", 0)
    if least > 1 and schema.get("uniqueItems"):
        raise NoSample
    if schema.get("maxItems") == 0 or "items" not in schema:
        return []
    try:
        item = sample(schema["items"], definitions, whole=whole, name=name, depth=depth + 1)
    except NoSample:
        if least:
            raise
        return []
    return [item] * max(1, least)


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if "pattern" in schema or schema.get("format") not in (None, "binary", "base64url", "base64"):
        raise NoSample
    if schema.get("format") is not None or "contentEncoding" in schema:
        return "AAAA"
    words = name or "text"
    padded = words * (least // len(words) + 1) if len(words) < least else words
    return padded[:most]


def _number(schema: Schema) -> float:
    """The smallest whole number at or above the lower bound, else zero or below the upper one."""
    step = schema.get("multipleOf")
    low = _bound(schema, "minimum", "exclusiveMinimum", 1)
    high = _bound(schema, "maximum", "exclusiveMaximum", -1)
    value = 0 if (low is None or low <= 0) and (high is None or high >= 0) else low
    value = high if value is None else value
    assert value is not None
    if step is not None and value % step:
        value += step - value % step
    if (low is not None and value < low) or (high is not None and value > high):
        raise NoSample
    return int(value) if value == int(value) else value


def _bound(schema: Schema, inclusive: str, exclusive: str, inward: int) -> float | None:
    """The bound of a number, or the next whole number from an exclusive one; None without any."""
    if exclusive in schema:
        return schema[exclusive] + inward
    return schema.get(inclusive)

"""Schemas in AsyncAPI's dialect, a superset of JSON Schema draft 07; Pydantic writes 2020-12."""

from typing import Any, cast

from duplex.contract.describe import REFERENCE, Schema

SCHEMAS = "#/components/schemas/"
"""Where an AsyncAPI document has its named types."""


def translated(value: Any) -> Any:
    """A part of a schema, with references into an AsyncAPI document."""
    if isinstance(value, list):
        return [translated(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    schema = cast("Schema", value)
    if isinstance(schema.get("$ref"), str):
        target = {"$ref": SCHEMAS + schema["$ref"].removeprefix(REFERENCE)}
        beside = {word: part for word, part in schema.items() if word != "$ref"}
        # In draft 07 a reference hides all keywords next to it.
        return {"allOf": [target], **beside} if beside else target
    kept: Schema = {}
    for word, part in schema.items():
        match word:
            case "prefixItems":
                kept["items"] = translated(part)
            case "items" if "prefixItems" in schema:
                kept["additionalItems"] = translated(part)
            case "properties" | "patternProperties":
                kept[word] = {name: translated(one) for name, one in part.items()}
            case "default" | "examples" | "enum" | "const":
                kept[word] = part
            case _:
                kept[word] = translated(part)
    return kept

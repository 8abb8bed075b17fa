"""Requirements of a shared document: defaults for all fields, and a JSON that can be read back.

It is stored and sent as JSON and read back before each change. A field that is only written (a
computed one), or is written under another name than it is read, would fail at a user's first edit.
"""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import JsonSchemaMode

from duplex.contract.model_schemas import ModelSchemas
from duplex.requests.holds import HeldFields
from duplex.requests.registry import BadState

Properties = dict[str, frozenset[str]]
"""The fields on the wire by model."""


def check_document(model: type[BaseModel]) -> None:
    """Raises `BadState` for a document that sessions cannot share."""
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
    HeldFields(model)
    try:
        model()
    except ValidationError as error:
        missing = ", ".join(f"`{'.'.join(map(str, one['loc']))}`" for one in error.errors())
        raise BadState(f"{where}: a new session needs a default for {missing}") from None


def _properties(model: type[BaseModel], mode: JsonSchemaMode) -> Properties:
    schema: dict[str, Any] = model.model_json_schema(mode=mode, schema_generator=ModelSchemas)
    every = {**schema.get("$defs", {}), model.__name__: schema}
    return {name: frozenset(one.get("properties", ())) for name, one in every.items()}

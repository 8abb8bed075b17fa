"""Pydantic's schemas of models as they go over the wire, or the reason why there is none.

Python's names of models become names that are short, and can be written in any language.

A session's shared document is stored and sent as JSON and read back before each change, so a field
that is only written (a computed one), or is written under another name than it is read, would fail
at a user's first edit. Each of its fields also needs a default, because a new session starts
without data.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum, Flag
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import (
    GenerateJsonSchema,
    JsonSchemaMode,
    JsonSchemaValue,
    JsonSchemaWarningKind,
)
from pydantic_core.core_schema import (
    CoreSchema,
    DataclassField,
    EnumSchema,
    LiteralSchema,
    ModelField,
    ModelSchema,
    TypedDictField,
)

from duplex.requests.documents import held_fields
from duplex.requests.states import BadState


def type_key(name: str) -> str:
    """`app.states.a.Pair[str, list[Leaf]]` -> `app__states__a__Pair_str_list_Leaf`, all ASCII.

    Unlike in Pydantic's keys, `__` only separates the parts of the path.
    """
    path, _, arguments = name.partition("[")
    folder, _, last = path.rpartition(".")
    words = [*folder.split("."), f"{last}_{arguments}"] if folder else [f"{last}_{arguments}"]
    return "__".join(re.sub(r"[^A-Za-z0-9-]+", "_", _ascii(word)).strip("_") for word in words)


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def type_names(
    keys: Iterable[str], fixed: Mapping[str, str], taken: frozenset[str]
) -> dict[str, str]:
    """Pydantic's names of definitions -> names for TypeScript, the shortest distinct ones.

    `Item` and `Item-Output` become `Item`, `Item-Input` becomes `ItemInput`; models of the same
    name in different modules get the distinguishing part of the module's path as a prefix.
    `fixed` names are given, and no other type gets a name that is `taken`.
    """
    depths = {key: 1 for key in sorted(keys) if key not in fixed}
    while True:
        names = {key: _spelled(key, depth) for key, depth in depths.items()}
        uses = Counter(names.values())
        clashing = [
            key
            for key, name in names.items()
            if (uses[name] > 1 or name in taken or not name[:1].isalpha())
            and depths[key] < len(_segments(key))
        ]
        if not clashing:
            return _told_apart(names, taken) | dict(fixed)
        for key in clashing:
            depths[key] += 1


def _segments(key: str) -> list[str]:
    return key.removesuffix("-Input").removesuffix("-Output").split("__")


def _spelled(key: str, depth: int) -> str:
    words = re.split(r"[^A-Za-z0-9]+", "_".join(_segments(key)[-depth:]))
    name = "".join(word[:1].upper() + word[1:] for word in words)
    # json-schema-to-typescript makes a letter behind a digit a capital: so does the contract.
    name = re.sub(r"\d[a-z]", lambda found: found[0].upper(), name)
    return name + ("Input" if key.endswith("-Input") else "")


def _told_apart(names: Mapping[str, str], taken: frozenset[str]) -> dict[str, str]:
    """Number types with the same module path, such as two classes created in one function."""
    used = set(taken)
    kept: dict[str, str] = {}
    for key, name in names.items():
        spelled = name if name[:1].isalpha() else f"Type{name}"
        free, number = spelled, 2
        while free in used:
            free, number = f"{spelled}{number}", number + 1
        used.add(free)
        kept[key] = free
    return kept


Schema = dict[str, Any]
"""A JSON Schema; references are `{"$ref": "#/$defs/Name"}` with names of this contract."""

REFERENCE = "#/$defs/"

UNREADABLE = frozenset({"__proto__", "hasOwnProperty", "$ref"})
"""Names of fields that JavaScript, or the tools that read schemas, take for something else."""


class ModelSchemas(GenerateJsonSchema):
    """Responses always contain their fields with defaults. A value that no type describes is
    refused with the name of its model and field.
    """

    def field_is_required(
        self,
        field: ModelField | DataclassField | TypedDictField,
        total: bool,
    ) -> bool:
        if self.mode == "serialization" and field["type"] != "typed-dict-field":
            return not (field.get("serialization_exclude") or "serialization_exclude_if" in field)
        return super().field_is_required(field, total)

    def normalize_name(self, name: str) -> str:
        """The key of a named type, which `type_names` takes apart again."""
        return type_key(name)

    def enum_schema(self, schema: EnumSchema) -> JsonSchemaValue:
        described = super().enum_schema(schema)
        if issubclass(schema["cls"], Flag):
            # Flags can be combined, so their members are not all possible values.
            described.pop("enum", None)
            described.pop("const", None)
            described["type"] = "integer"
        return described

    def literal_schema(self, schema: LiteralSchema) -> JsonSchemaValue:
        for value in schema["expected"]:
            if self.mode == "validation" and not _is_read_from_json(value):
                raise PydanticInvalidForJsonSchema(
                    f"Pydantic cannot read Literal[{value!r}] from JSON (that of a StrEnum works)"
                )
        return super().literal_schema(schema)

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """A union's member without a schema must not be missing in silence."""
        if kind == "skipped-choice":
            raise PydanticInvalidForJsonSchema(detail)
        super().emit_warning(kind, detail)

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        where = f"{schema['cls'].__module__}.{schema['cls'].__qualname__}"
        fields = _fields(schema)
        for name, field in fields.items():
            self._require_a_name(where, name, field)
        try:
            return super().model_schema(schema)
        except PydanticInvalidForJsonSchema as error:
            named = next((f"`{name}` " for name in fields if self._fails(fields[name])), "")
            raise BadState(f"{where}: {named}has no type on the wire: {error.message}") from error

    def _require_a_name(self, where: str, name: str, field: ModelField) -> None:
        read = field.get("validation_alias", name)
        if isinstance(read, list) and all(len(path) > 1 for path in _paths(read)):
            raise BadState(
                f"{where}: `{name}` is read from inside another field (AliasPath), which no type "
                "on the page can express: give it a plain alias too"
            )
        for given in (read, field.get("serialization_alias", name)):
            if isinstance(given, str) and given in UNREADABLE:
                raise BadState(f"{where}: a field cannot be called `{given}` on the wire")

    def _fails(self, field: ModelField) -> bool:
        try:
            self.generate_inner(cast("CoreSchema", field))
        except PydanticInvalidForJsonSchema:
            return True
        return False


def _fields(schema: Mapping[str, Any]) -> Mapping[str, ModelField]:
    """The fields of a model, inside any validators around them."""
    while "fields" not in schema and isinstance(schema.get("schema"), dict):
        schema = schema["schema"]
    fields = schema.get("fields")
    return cast("Mapping[str, ModelField]", fields) if isinstance(fields, dict) else {}


def _paths(alias: list[Any]) -> list[list[str | int]]:
    return alias if alias and isinstance(alias[0], list) else [alias]


def _is_read_from_json(value: object) -> bool:
    return not isinstance(value, bytes) and (
        not isinstance(value, Enum) or isinstance(value, str | int)
    )


def require_tags(value: Any, definitions: Mapping[str, Schema]) -> None:
    """A member of a tagged union is identified by its tag: required, in spite of a default."""
    if isinstance(value, list):
        for part in cast("list[Any]", value):
            require_tags(part, definitions)
    if not isinstance(value, dict):
        return
    schema = cast("Schema", value)
    discriminator = schema.get("discriminator")
    if isinstance(discriminator, dict) and isinstance(schema.get("oneOf"), list):
        tag = cast("dict[str, str]", discriminator)["propertyName"]
        for member in _members(schema, definitions):
            required: list[str] = member.get("required", [])
            if tag in member.get("properties", {}) and tag not in required:
                member["required"] = [tag, *required]
    for part in schema.values():
        require_tags(part, definitions)


def _members(schema: Schema, definitions: Mapping[str, Schema]) -> Iterable[Schema]:
    """The members of a union; a member may be a union with another tag."""
    schema = definitions.get(str(schema.get("$ref")).removeprefix(REFERENCE), schema)
    parts = cast("list[Schema] | None", schema.get("oneOf") or schema.get("anyOf"))
    if parts is None:
        return [schema]
    return [member for part in parts for member in _members(part, definitions)]


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
    held_fields(model)
    try:
        model()
    except ValidationError as error:
        missing = ", ".join(f"`{'.'.join(map(str, problem['loc']))}`" for problem in error.errors())
        raise BadState(f"{where}: a new session needs a default for {missing}") from None


def _properties(model: type[BaseModel], mode: JsonSchemaMode) -> Properties:
    schema: dict[str, Any] = model.model_json_schema(mode=mode, schema_generator=ModelSchemas)
    every = dict(schema.get("$defs", {}))
    if "$ref" not in schema:
        # Only a model that refers to itself is one of the definitions.
        every[model.__name__] = schema
    return {name: frozenset(schema.get("properties", ())) for name, schema in every.items()}

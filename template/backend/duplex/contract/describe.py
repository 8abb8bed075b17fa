"""The contract between page and server as JSON Schema, built only from the states' models.

Requests are described as a client must send them (a field with a default may be omitted), responses
as the server sends them (all fields are present). `poe contract` generates TypeScript from it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, JsonValue, TypeAdapter, create_model
from pydantic.json_schema import JsonSchemaMode

from duplex.contract.model_schemas import REFERENCE, ModelSchemas, Schema, require_tags, type_names
from duplex.requests.registry import Registry
from duplex.requests.states import AnyState
from duplex.wire.protocol import ErrorCode

TAKEN = frozenset(
    {
        "CONTRACT",
        "STATES",
        "Requests",
        "Responses",
        "Events",
        "EventName",
        "StateName",
        "AdminStates",
        "StateOptions",
        "Array",
        "Record",
    }
)
"""Type names that contract.ts needs for itself."""

_MAPS_OF_SCHEMAS = ("properties", "patternProperties", "$defs")
_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMAS = ("items", "additionalProperties", "not", "propertyNames", "contains")
_NOT_SHAPE = ("title", "default", "examples", "discriminator", "readOnly", "writeOnly")
DETAILS = ("default", "examples")
"""Keywords that are not part of the shape but help readers."""


class Participant(BaseModel):
    """A participant of the session, as all participants see it."""

    participant: str
    name: str


class Initialised(BaseModel):
    """The server's first reply: the client's session, and how to resume it."""

    session: str
    participant: str
    name: str
    participants: list[Participant]
    participants_total: int
    resume_token: str
    epoch: str
    seq: int
    recovered: bool
    heartbeat: float
    contract_changed: bool


@dataclass(frozen=True, slots=True)
class StateTypes:
    """One state in the contract; `options` are the parts of its declaration for the page."""

    request: Schema
    response: Schema
    options: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class EventTypes:
    """One event as both sides see it."""

    data: Schema
    options: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Contract:
    """Every state and event, the named types (`definitions`) of them and of the frames, and a
    fingerprint.

    The fingerprint changes with the data on the wire, not with comments.
    """

    states: dict[str, StateTypes]
    events: dict[str, EventTypes]
    definitions: dict[str, Schema]
    fingerprint: str


def describe(registry: Registry, document: type[BaseModel], *, detailed: bool = False) -> Contract:
    """The contract of these states, and of a session whose shared document is `document`.

    `detailed` schemas also contain the fields' plain defaults and examples, for readers.
    """
    initialised = create_model("Initialised", __base__=Initialised, snapshot=(document, ...))
    frames: dict[str, Any] = {
        "ErrorCode": ErrorCode,
        "Initialised": initialised,
        "Participant": Participant,
        "Document": document,
    }
    wanted: list[tuple[str, JsonSchemaMode, Any]] = [
        *((name, "validation", state.request or None) for name, state in registry.items()),
        *((name, "serialization", _response(state)) for name, state in registry.items()),
        *((name, "serialization", event.model) for name, event in registry.events.items()),
        # A frame's key cannot be a state's name: states are camelCase.
        *((name, "serialization", kind) for name, kind in frames.items()),
    ]
    described, definitions = _described(wanted, frozenset(frames), DETAILS if detailed else ())
    for name in frames:
        definitions.setdefault(name, described[name, "serialization"])
    states = {
        name: StateTypes(
            request=described[name, "validation"],
            response=described[name, "serialization"],
            options=_options(state),
        )
        for name, state in registry.items()
    }
    events = {
        name: EventTypes(described[name, "serialization"], {"retain": event.retain})
        for name, event in registry.events.items()
    }
    fingerprint = _fingerprint(states, events, definitions)
    return Contract(states, events, dict(sorted(definitions.items())), fingerprint)


def _response(state: AnyState) -> Any:
    """The schema of `data` in its replies; a stream's last reply has null."""
    if state.response is None:
        return None
    return state.response | None if state.may_be_none or state.streams else state.response


def _options(state: AnyState) -> dict[str, JsonValue]:
    return {
        "closes": state.closes,
        "to": state.to,
        "streams": state.streams,
        "retain": state.retain,
        "admin": state.admin,
    }


def _described(
    wanted: Iterable[tuple[str, JsonSchemaMode, Any]],
    frames: frozenset[str],
    keep: Iterable[str],
) -> tuple[dict[tuple[str, JsonSchemaMode], Schema], dict[str, Schema]]:
    """Schemas by key and mode, and the named types that they refer to, all under final names."""
    adapters: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (key, mode, TypeAdapter(kind)) for key, mode, kind in wanted
    ]
    schemas, document = TypeAdapter.json_schemas(
        adapters, ref_template=REFERENCE + "{model}", schema_generator=ModelSchemas
    )
    definitions = cast("dict[str, Schema]", document.get("$defs", {}))
    for schema in [*schemas.values(), *list(definitions.values())]:
        require_tags(schema, definitions)
    fixed = {
        str(schema["$ref"]).removeprefix(REFERENCE): key
        for (key, _), schema in schemas.items()
        if key in frames and schema.keys() == {"$ref"}
    }
    names = type_names(definitions, fixed, TAKEN | frames)

    def rename(schema: Schema) -> Schema:
        return plain(schema, lambda name: names[name], keep=keep)

    return (
        {key: rename(schema) for key, schema in schemas.items()},
        {names[key]: rename(schema) for key, schema in definitions.items()},
    )


def plain(
    schema: Schema,
    rename: Callable[[str], str],
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
) -> Schema:
    """The schema without keywords that are not part of its shape, and with other type names.

    Titles only repeat names. Defaults are removed too; if they are kept, structured defaults are
    removed, because a set inside one has another order in every process.
    """

    def walk(value: Any) -> Any:
        part = cast("Schema", value)
        return plain(part, rename, drop, keep) if isinstance(value, dict) else value

    kept: Schema = {}
    for word, value in schema.items():
        if (word in _NOT_SHAPE and word not in keep) or word in drop:
            continue
        if word == "default" and not _is_flat(value):
            continue
        if word == "$ref":
            kept[word] = REFERENCE + rename(str(value).removeprefix(REFERENCE))
        elif word in _MAPS_OF_SCHEMAS:
            kept[word] = {name: walk(part) for name, part in value.items()}
        elif word in _LISTS_OF_SCHEMAS:
            kept[word] = [walk(part) for part in value]
        elif word in _SCHEMAS:
            kept[word] = walk(value)
        elif word == "enum":
            # An enum's second name for the same value is not a further value.
            kept[word] = list({json.dumps(item): item for item in value}.values())
        else:
            kept[word] = value
    return kept


def _is_flat(value: object) -> bool:
    items = cast("Iterable[object]", value) if isinstance(value, list) else [value]
    return all(item is None or item == {} or isinstance(item, str | int | float) for item in items)


def _fingerprint(
    states: Mapping[str, StateTypes],
    events: Mapping[str, EventTypes],
    definitions: Mapping[str, Schema],
) -> str:
    def shape(schema: Schema) -> Schema:
        return plain(schema, lambda name: name, drop=("description", "deprecated"))

    document = {
        "states": {
            name: [shape(state.request), shape(state.response), state.options]
            for name, state in states.items()
        },
        "events": {name: [shape(event.data), event.options] for name, event in events.items()},
        "definitions": {name: shape(schema) for name, schema in definitions.items()},
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()

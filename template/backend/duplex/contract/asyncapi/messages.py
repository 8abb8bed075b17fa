"""The messages of an AsyncAPI document: the frames of states and events, with examples.

Schemas are translated into AsyncAPI's dialect, a superset of JSON Schema draft 07; Pydantic writes
2020-12.
"""

from typing import Any, cast

from duplex.contract.asyncapi.frames import (
    REQUEST_ID,
    SEQ,
    ReservedFrame,
    frame,
    reference,
)
from duplex.contract.describe import (
    REFERENCE,
    Contract,
    EventTypes,
    Schema,
    StateTypes,
)
from duplex.contract.samples import NoSample, sample, valid_samples
from duplex.requests.states import AnyEvent, AnyState
from duplex.wire.protocol import STREAM_ENDS

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
                kept[word] = {name: translated(inner) for name, inner in part.items()}
            case "default" | "examples" | "enum" | "const":
                kept[word] = part
            case _:
                kept[word] = translated(part)
    return kept


def request(state: AnyState, types: StateTypes, contract: Contract) -> dict[str, Any]:
    """The frame with which a client sends a state's request."""
    data = {"data": types.request}
    needed = bool(_resolved(types.request, contract).get("required"))
    identified: dict[str, Schema] = {
        "id": {**REQUEST_ID, "description": "Returned with the reply; makes resending safe."}
    }
    payload = frame(state.name, data if needed else {}, identified if needed else data | identified)
    return _message(
        f"{state.name} request",
        state.doc,
        payload,
        _request_example(state, types, contract),
    )


def response(state: AnyState, types: StateTypes, contract: Contract) -> dict[str, Any]:
    """The frame with a state's reply, or with a piece of its stream."""
    optional: dict[str, Schema] = {
        "id": {**REQUEST_ID, "description": "The request's, for its sender."},
        "seq": SEQ,
    }
    if state.to == "everybody":
        optional["from"] = {"type": "string", "description": "The participant who sent it."}
    if state.streams:
        optional["more"] = {"const": True, "description": "Further replies follow."}
        optional["ended"] = {"enum": list(STREAM_ENDS), "description": "How the stream ended."}
    example: dict[str, Any] | None
    try:
        data = sample(_present(types.response), contract.definitions, whole=True)
        example = {"state": state.name, "data": data, "id": "1"}
        example |= {"more": True} if state.streams else {}
    except NoSample:
        example = None
    payload = frame(state.name, {"data": types.response}, optional)
    return _message(f"{state.name} response", "", payload, example)


def event(declared: AnyEvent, types: EventTypes, contract: Contract) -> dict[str, Any]:
    """The frame of an event."""
    example: dict[str, Any] | None
    try:
        data = sample(types.data, contract.definitions, whole=True)
        example = {"state": declared.name, "data": data, "seq": 3}
    except NoSample:
        example = None
    sender = {"type": "string", "description": "The participant whose request caused it."}
    payload = frame(declared.name, {"data": types.data}, {"seq": SEQ, "from": sender})
    return _message(f"{declared.name} event", declared.doc, payload, example)


def _present(schema: Schema) -> Schema:
    """The schema of a response that may also be null."""
    parts = [part for part in schema.get("anyOf", []) if part != {"type": "null"}]
    return {**schema, "anyOf": parts} if parts else schema


def _request_example(
    state: AnyState, types: StateTypes, contract: Contract
) -> dict[str, Any] | None:
    """A frame that the state's own model takes, with all its fields if they fit together."""
    if state.request is None:
        return {"state": state.name, "id": "1"}
    found = valid_samples(state.request, types.request, contract.definitions)
    return next(({"state": state.name, "data": data, "id": "1"} for data in found), None)


def reserved_message(reserved: ReservedFrame, contract: Contract) -> dict[str, Any]:
    """A frame with a reserved name."""
    example = reserved.example
    if reserved.name == "initialised":
        example = _initialised_example(contract)
    message = _message(reserved.name, reserved.summary, reserved.payload, example)
    return {**message, "x-by": reserved.by}


def _initialised_example(contract: Contract) -> dict[str, Any] | None:
    known = {
        "session": "team-1",
        "participant": "xK2mVq8Tq1yA",
        "name": "Ada",
        "participants": [{"participant": "xK2mVq8Tq1yA", "name": "Ada"}],
        "participants_total": 1,
        "resume_token": "…",
        "epoch": "…",
        "seq": 1,
        "recovered": False,
        "heartbeat": 20.0,
        "contract_changed": False,
    }
    try:
        document = sample(reference("Document"), contract.definitions, whole=True)
    except NoSample:
        return None
    return {"state": "initialised", "data": {**known, "snapshot": document}}


def _message(
    name: str, doc: str, payload: Schema, example: dict[str, Any] | None
) -> dict[str, Any]:
    message: dict[str, Any] = {"name": name, "title": name}
    if doc:
        message |= {"summary": doc.splitlines()[0], "description": doc}
    # Generators call the frame's type by its title; the data's own type has the shorter name.
    message["payload"] = {"title": f"{name} frame", **translated(payload)}
    if example is not None:
        message["examples"] = [{"payload": example}]
    return message


def _resolved(schema: Schema, contract: Contract) -> Schema:
    while "$ref" in schema:
        schema = contract.definitions[str(schema["$ref"]).removeprefix(REFERENCE)]
    return schema

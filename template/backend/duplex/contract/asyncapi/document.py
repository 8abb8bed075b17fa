"""The contract as an AsyncAPI 3 document: for other clients, their generators, and readers.

It is built only from the states, deterministically, and contains no data of the machine. The
page's script contains the same information, so the document is served in production too.
"""

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from duplex.contract.asyncapi.dialect import translated
from duplex.contract.asyncapi.frames import (
    REQUEST_ID,
    SEQ,
    ReservedFrame,
    frame,
    reference,
    reserved_frames,
)
from duplex.contract.describe import (
    REFERENCE,
    Contract,
    EventTypes,
    Schema,
    StateTypes,
    describe,
)
from duplex.contract.samples import NoSample, sample
from duplex.requests.events import AnyEvent
from duplex.requests.registry import AnyState, Registry
from duplex.units import Rate
from duplex.wire.protocol import STREAM_ENDS

Document = dict[str, Any]
"""An AsyncAPI 3.0 document, ready for JSON."""

MESSAGES = "#/components/messages/"
_IN_CHANNEL = "#/channels/socket/messages/"
_CHANNEL = {"$ref": "#/channels/socket"}

_ABOUT_CHANNEL = (
    "JSON objects in text messages. The client's first frame is `hello`; after `initialised` it"
    " sends requests, and the server answers each and passes on what others did."
)


def build(
    registry: Registry,
    document: type[BaseModel],
    *,
    address: str,
    title: str,
    version: str,
    description: str,
) -> Document:
    """Describe the socket at `address` of an application with these states."""
    contract = describe(registry, document, detailed=True)
    frames = reserved_frames()
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for one in frames:
        messages[one.name] = _reserved_message(one, contract)
    for one in frames:
        if one.by == "client" or not any(one.name == other.reply for other in frames):
            operations[one.name] = _reserved_operation(one)
    for name, types in contract.states.items():
        state = registry[name]
        messages[f"{name}.request"] = _request(state, types, contract)
        messages[f"{name}.response"] = _response(state, types, contract)
        operations[f"receive-{name}"] = _receiving(state)
        if state.to == "everybody":
            operations[f"send-{name}"] = _sending(state)
    for name, types in contract.events.items():
        messages[f"{name}.event"] = _event(registry.events[name], types, contract)
        operations[f"send-{name}"] = _sending_event(registry.events[name])
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": version,
            "description": description,
            "x-contract": contract.fingerprint,
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {
            "socket": {
                "address": address,
                "title": "The session's socket",
                "description": _ABOUT_CHANNEL,
                "messages": {name: {"$ref": MESSAGES + name} for name in messages},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {name: translated(schema) for name, schema in contract.definitions.items()},
        },
    }


def text_of(document: Document) -> str:
    """The document as the text that is served and committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _servers() -> dict[str, Any]:
    """Placeholders: the same document is committed, and served under any name."""
    return {
        "local": {
            "host": "127.0.0.1:8000",
            "protocol": "ws",
            "description": "`uv run poe serve` or `poe dev` with their default HOST and PORT.",
        },
        "public": {
            "host": "{host}",
            "protocol": "wss",
            "description": "Where the application is deployed, behind TLS.",
            "variables": {
                "host": {"default": "example.com", "description": "The page's own host."}
            },
        },
    }


def _request(state: AnyState, types: StateTypes, contract: Contract) -> dict[str, Any]:
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


def _response(state: AnyState, types: StateTypes, contract: Contract) -> dict[str, Any]:
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


def _event(event: AnyEvent, types: EventTypes, contract: Contract) -> dict[str, Any]:
    example: dict[str, Any] | None
    try:
        data = sample(types.data, contract.definitions, whole=True)
        example = {"state": event.name, "data": data, "seq": 3}
    except NoSample:
        example = None
    sender = {"type": "string", "description": "The participant whose request caused it."}
    payload = frame(event.name, {"data": types.data}, {"seq": SEQ, "from": sender})
    return _message(f"{event.name} event", event.doc, payload, example)


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
    for whole in (True, False):
        try:
            data = sample(types.request, contract.definitions, whole=whole)
            state.request.model_validate_json(json.dumps(data))
        except (NoSample, ValidationError):
            continue
        return {"state": state.name, "data": data, "id": "1"}
    return None


def _reserved_message(one: ReservedFrame, contract: Contract) -> dict[str, Any]:
    example = one.example
    if one.name == "initialised":
        example = _initialised_example(contract)
    return {**_message(one.name, one.summary, one.payload, example), "x-by": one.by}


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


def _receiving(state: AnyState) -> dict[str, Any]:
    """The server receives the request and answers its sender."""
    return {
        "action": "receive",
        "channel": _CHANNEL,
        "title": state.name,
        "summary": state.doc.splitlines()[0] if state.doc else f"Handles {state.name}.",
        "messages": [{"$ref": f"{_IN_CHANNEL}{state.name}.request"}],
        "reply": {
            "channel": _CHANNEL,
            "messages": [
                {"$ref": f"{_IN_CHANNEL}{state.name}.response"},
                {"$ref": f"{_IN_CHANNEL}error"},
            ],
        },
        **_rules(state),
    }


def _sending(state: AnyState) -> dict[str, Any]:
    """The update that the server sends to the other participants."""
    return {
        "action": "send",
        "channel": _CHANNEL,
        "title": f"{state.name} of others",
        "summary": f"Another participant's {state.name} was handled.",
        "messages": [{"$ref": f"{_IN_CHANNEL}{state.name}.response"}],
    }


def _sending_event(event: AnyEvent) -> dict[str, Any]:
    """The server sends the event; no request has its name."""
    return {
        "action": "send",
        "channel": _CHANNEL,
        "title": event.name,
        "summary": event.doc.splitlines()[0] if event.doc else f"Sends {event.name}.",
        "messages": [{"$ref": f"{_IN_CHANNEL}{event.name}.event"}],
        "x-retain": event.retain,
    }


def _rules(state: AnyState) -> dict[str, Any]:
    """The rules of a state. `x-limit` is absent if only SESSION_RATE applies."""
    rules: dict[str, Any] = {
        "x-closes": state.closes,
        "x-to": state.to,
        "x-streams": state.streams,
        "x-retain": state.retain,
        "x-deadline": state.deadline,
        "x-admin": state.admin,
        "x-restricted": state.allow is not None,
    }
    if state.limit is not None:
        rules["x-limit"] = spelled(state.limit)
    return rules


def spelled(rate: Rate) -> str:
    """`5/s`, as in the declaration of a state."""
    unit = {1.0: "s", 60.0: "m", 3600.0: "h"}[float(rate.seconds)]
    return f"{rate.count}/{unit}"


def _reserved_operation(one: ReservedFrame) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": "receive" if one.by == "client" else "send",
        "channel": _CHANNEL,
        "title": one.name,
        "summary": one.summary,
        "messages": [{"$ref": _IN_CHANNEL + one.name}],
    }
    if one.reply:
        answers = [one.reply] if one.reply == "pong" else [one.reply, "error"]
        operation["reply"] = {
            "channel": _CHANNEL,
            "messages": [{"$ref": _IN_CHANNEL + name} for name in answers],
        }
    return operation


def _resolved(schema: Schema, contract: Contract) -> Schema:
    while "$ref" in schema:
        schema = contract.definitions[str(schema["$ref"]).removeprefix(REFERENCE)]
    return schema

"""The contract as an AsyncAPI 3 document: for other clients, their generators, and readers.

It is built only from the states, deterministically, and contains no data of the machine. The
page's script contains the same information, so the document is served in production too.
"""

import json
from typing import Any

from pydantic import BaseModel

from duplex.contract.asyncapi import messages
from duplex.contract.asyncapi.frames import (
    ReservedFrame,
    reserved_frames,
)
from duplex.contract.asyncapi.messages import translated
from duplex.contract.describe import (
    describe,
)
from duplex.options import Rate
from duplex.requests.registry import Registry
from duplex.requests.states import AnyEvent, AnyState

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
    described: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for reserved in frames:
        described[reserved.name] = messages.reserved_message(reserved, contract)
    for reserved in frames:
        if reserved.by == "client" or not any(reserved.name == other.reply for other in frames):
            operations[reserved.name] = _reserved_operation(reserved)
    for name, types in contract.states.items():
        state = registry[name]
        described[f"{name}.request"] = messages.request(state, types, contract)
        described[f"{name}.response"] = messages.response(state, types, contract)
        operations[f"receive-{name}"] = _receiving(state)
        if state.to == "everybody":
            operations[f"send-{name}"] = _sending(state)
    for name, types in contract.events.items():
        described[f"{name}.event"] = messages.event(registry.events[name], types, contract)
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
                "messages": {name: {"$ref": MESSAGES + name} for name in described},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": operations,
        "components": {
            "messages": described,
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


def _reserved_operation(reserved: ReservedFrame) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": "receive" if reserved.by == "client" else "send",
        "channel": _CHANNEL,
        "title": reserved.name,
        "summary": reserved.summary,
        "messages": [{"$ref": _IN_CHANNEL + reserved.name}],
    }
    if reserved.reply:
        answers = [reserved.reply] if reserved.reply == "pong" else [reserved.reply, "error"]
        operation["reply"] = {
            "channel": _CHANNEL,
            "messages": [{"$ref": _IN_CHANNEL + name} for name in answers],
        }
    return operation

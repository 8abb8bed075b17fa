"""The parts of the contract's page: one section for each state, frame and type."""

import json
import re
from html import escape
from typing import Any, cast

from duplex.contract.asyncapi.document import Document
from duplex.contract.asyncapi.messages import SCHEMAS
from duplex.contract.describe import Schema
from duplex.contract.schema_words import bounds, kind, literal

_STATES, _EVENTS, _TYPES = "States", "Events", "Types"
_FRAMES = {"client": "Frames of the client", "server": "Frames of the server"}


def anchor(*words: str) -> str:
    """The id of a heading. A state, a frame and a type may have the same name."""
    return "-".join(re.sub(r"[^A-Za-z0-9_]+", "-", word) for word in words)


class Reader:
    """Looks things up in an AsyncAPI document of ours and writes them as HTML."""

    def __init__(self, document: Document) -> None:
        self._messages: dict[str, dict[str, Any]] = document["components"]["messages"]
        self._types: dict[str, Schema] = document["components"]["schemas"]
        self._operations: dict[str, dict[str, Any]] = document["operations"]

    def states(self) -> list[str]:
        """The names of the states."""
        prefix = "receive-"
        return [key.removeprefix(prefix) for key in self._operations if key.startswith(prefix)]

    def events(self) -> list[str]:
        """The names of the events."""
        suffix = ".event"
        return [key.removesuffix(suffix) for key in self._messages if key.endswith(suffix)]

    def frames(self, by: str) -> list[str]:
        """The reserved names of the frames that the client or the server sends."""
        return [name for name, message in self._messages.items() if message.get("x-by") == by]

    def types(self) -> list[str]:
        """The names of the types that the frames refer to."""
        return list(self._types)

    def state(self, name: str) -> str:
        """A state: its description, its rules, its request and its response."""
        request, response = self._messages[f"{name}.request"], self._messages[f"{name}.response"]
        rules = "".join(
            f"<div><dt>{term}</dt><dd>{escape(text)}</dd></div>"
            for term, text in _rules(self._operations[f"receive-{name}"])
        )
        return _article(
            anchor(_STATES, name),
            name,
            _prose(request.get("description", "")),
            f"<dl>{rules}</dl>",
            "<h4>Request</h4>",
            self._data(request),
            _example(request),
            "<h4>Response</h4>",
            self._data(response),
            _example(response),
        )

    def event(self, name: str) -> str:
        """An event: its description and its data."""
        message = self._messages[f"{name}.event"]
        return _article(
            anchor(_EVENTS, name),
            name,
            _prose(message.get("description", "")),
            "<h4>Data</h4>",
            self._data(message),
            _example(message),
        )

    def reserved(self, name: str) -> str:
        """A frame with a name of its own; its fields are those of the whole frame."""
        message = self._messages[name]
        return _article(
            anchor(_FRAMES[message["x-by"]], name),
            name,
            _prose(message.get("description", "")),
            self._fields(message["payload"], f"Fields of {name}"),
            _example(message),
        )

    def type(self, name: str) -> str:
        """A type: its description, and its fields or values."""
        schema = self._types[name]
        return _article(
            anchor(_TYPES, name),
            name,
            _prose(schema.get("description", "")),
            self._shape(schema, name),
        )

    def _data(self, message: dict[str, Any]) -> str:
        payload: Schema = message["payload"]
        data: Schema | None = payload["properties"].get("data")
        if data is None or data == {"type": "null"}:
            return "<p>No data.</p>"
        target = str(data.get("$ref", "")).removeprefix(SCHEMAS)
        about = _prose(self._types[target].get("description", "")) if target else ""
        shape = self._types[target] if target else data
        return about + self._shape(shape, str(message["name"]))

    def _shape(self, schema: Schema, name: str) -> str:
        if schema.get("properties"):
            return self._fields(schema, f"Fields of {name}")
        if schema.get("properties") == {}:
            return "<p>No fields.</p>"
        limits = "".join(f"; {escape(phrase)}" for phrase in bounds(schema))
        return f"<p>{self._kind(schema)}{limits}</p>"

    def _fields(self, schema: Schema, label: str) -> str:
        required = schema.get("required", [])
        rows = "".join(
            self._row(name, part, required=name in required)
            for name, part in schema["properties"].items()
        )
        heads = "".join(f'<th scope="col">{head}</th>' for head in ("Field", "Type", "About"))
        return (
            f'<div class="wide" tabindex="0" role="group" aria-label="{escape(label)}">'
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def _row(self, name: str, schema: Schema, *, required: bool) -> str:
        facts = ["required" if required else "optional", *_limits(schema)]
        if "default" in schema:
            facts.append(f"default {literal(schema['default'])}")
        about = "; ".join(facts)
        description = schema.get("description")
        if description:
            about += f". {description}"
        return (
            f'<tr><th scope="row"><code>{escape(name)}</code></th>'
            f"<td>{self._kind(schema)}</td><td>{escape(about)}</td></tr>"
        )

    def _kind(self, schema: Schema) -> str:
        """The type in words, with the names of types as links."""
        words = re.split(r"([A-Za-z0-9_]+)", kind(schema))
        named = {name for name in _references(schema) if name in self._types}
        return "".join(
            f'<a href="#{anchor(_TYPES, word)}">{escape(word)}</a>'
            if word in named
            else escape(word)
            for word in words
        )


def _rules(operation: dict[str, Any]) -> list[tuple[str, str]]:
    everybody = "everybody in the session" if operation["x-to"] == "everybody" else "its sender"
    who = "only admins" if operation["x-admin"] else "whom the server allows"
    retained = {"all": "every message", "latest": "only the latest", "none": "nothing"}
    return [
        ("Reply goes to", everybody),
        ("Replies", "a stream, the last without `more`" if operation["x-streams"] else "one"),
        ("Ends the session", "yes, when it succeeds" if operation["x-closes"] else "no"),
        ("Who may", who if operation["x-restricted"] else "everybody"),
        ("Limit for one participant", operation.get("x-limit", "none of its own")),
        ("Deadline", f"{operation['x-deadline']:g} s"),
        ("Replayed after a reconnect", retained[operation["x-retain"]]),
    ]


def _limits(schema: Schema) -> list[str]:
    """The bounds of a field, also of a nullable value and of a list's items."""
    found = bounds(schema)
    for choice in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(choice, []):
            found += _limits(part)
    items = schema.get("items")
    if isinstance(items, dict):
        found += [f"each {phrase}" for phrase in _limits(cast("Schema", items))]
    return list(dict.fromkeys(found))


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for part in cast("list[Any]", value) for name in _references(part)}
    if not isinstance(value, dict):
        return set()
    schema = cast("Schema", value)
    found = {name for part in schema.values() for name in _references(part)}
    if isinstance(schema.get("$ref"), str):
        found.add(schema["$ref"].removeprefix(SCHEMAS))
    return found


def _example(message: dict[str, Any]) -> str:
    if not message.get("examples"):
        return ""
    text = json.dumps(message["examples"][0]["payload"], indent=2, ensure_ascii=False)
    label = escape(f"Example of {message['name']}")
    return f'<pre tabindex="0" role="group" aria-label="{label}"><code>{escape(text)}</code></pre>'


def _prose(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())


def _article(name: str, heading: str, *parts: str) -> str:
    title = f'<h3 id="{name}"><code>{escape(heading)}</code></h3>'
    return f'<article aria-labelledby="{name}">{title}{"".join(parts)}</article>'

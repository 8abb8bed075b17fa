"""Whether everything that one JSON Schema allows is allowed by another, and where not.

Knows the words that Pydantic writes. Where it cannot tell, it says that something differs: a
change that is reported in vain costs a look, one that is overlooked costs a broken page.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from app.session.contract import REFERENCE, Schema
from app.session.schema_words import BOUNDS, bound, kind, literal

_LOWER = {"minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"}
_UPPER = {"maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"}
_READ = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "contentEncoding", "default",
    "deprecated", "description", "enum", "examples", "format", "items", "oneOf", "prefixItems",
    "properties", "required", "title", "type", *BOUNDS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """At `path`, the `inner` schema allows what the `outer` does not; both in words."""

    path: str
    inner: str
    outer: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """The named types that a schema's references mean."""

    by_name: Mapping[str, Schema]

    def resolved(self, schema: Schema) -> Schema:
        """The schema that a reference stands for, else the schema itself."""
        while "$ref" in schema:
            schema = self.by_name[str(schema["$ref"]).removeprefix(REFERENCE)]
        return schema


def differences(
    inner: Schema, outer: Schema, inside: Definitions, outside: Definitions, *, answers: bool
) -> list[Difference]:
    """Where `inner` does not fit into `outer`; references mean `inside` and `outside`.

    `answers`: it is what a server sends. Then fields that the other side does not know are no
    difference, as a page leaves them alone, and bounds are none, as no type of the page has them.
    """
    found = _Walk(inside, outside, answers).walk(inner, outer, "")
    return list(dict.fromkeys(found))


class _Walk:
    def __init__(self, inside: Definitions, outside: Definitions, answers: bool) -> None:
        self._inside = inside
        self._outside = outside
        self._answers = answers
        self._open: set[tuple[str, str]] = set()

    def walk(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        """Compare two schemas; a pair that is being compared already is taken as fitting."""
        pair = (str(inner.get("$ref")), str(outer.get("$ref")))
        named = "$ref" in inner and "$ref" in outer
        if named and pair in self._open:
            return []
        if named:
            self._open.add(pair)
        try:
            return self._choices(inner, outer, path)
        finally:
            self._open.discard(pair)

    def _choices(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        """Every alternative of the inner schema must fit into one of the outer's."""
        found: list[Difference] = []
        wider = list(_alternatives(outer, self._outside))
        for one in _alternatives(inner, self._inside):
            tries = [self._plain(one, other, path) for other in wider]
            if all(tries):
                same = [
                    reasons
                    for reasons, other in zip(tries, wider, strict=True)
                    if other.get("type") == one.get("type")
                ]
                words = Difference(path, kind(inner), kind(outer))
                found += min(same, key=len) if len(same) == 1 else [words]
        return found

    def _plain(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        here = Difference(path, kind(inner), kind(outer))
        if not outer.keys() & _READ - {"description", "default", "examples", "deprecated"}:
            return []
        if _unread(inner) != _unread(outer) or inner.get("allOf") != outer.get("allOf"):
            return [Difference(path, _in_full(inner), _in_full(outer))]
        allowed, values = _values(outer), _values(inner)
        if allowed is not None:
            fits = values is not None and all(value in allowed for value in values)
            return [] if fits else [here]
        if values is not None:
            return [] if all(_is_a(value, outer.get("type")) for value in values) else [here]
        types = (inner.get("type"), outer.get("type"))
        if types[0] != types[1] and types != ("integer", "number"):
            return [here]
        for word in ("format", "contentEncoding"):
            if word in outer and inner.get(word) != outer[word]:
                return [here]
        found = [] if self._answers else list(_bounds(inner, outer, path))
        if types[0] == "object":
            found += self._object(inner, outer, path)
        if types[0] == "array":
            found += self._array(inner, outer, path)
        return found

    def _object(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        found: list[Difference] = []
        mine, theirs = inner.get("properties", {}), outer.get("properties", {})
        for name in [*mine, *(name for name in theirs if name not in mine)]:
            where = f"{path}.{name}" if path else name
            words = _presence(name, inner), _presence(name, outer)
            if name in outer.get("required", []) and name not in inner.get("required", []):
                found.append(Difference(where, *words))
            elif name in mine and name in theirs:
                found += self.walk(mine[name], theirs[name], where)
            elif name in mine and not self._answers:
                rest = outer.get("additionalProperties", True)
                if rest is False:
                    found.append(Difference(where, *words))
                elif isinstance(rest, dict):
                    found += self.walk(mine[name], cast("Schema", rest), where)
        return found + self._others(inner, outer, f"{path}.*" if path else "*")

    def _others(self, inner: Schema, outer: Schema, where: str) -> list[Difference]:
        """Fields under any name: `dict[str, …]`, or a model that allows more than it knows."""
        mine = inner.get("additionalProperties", False)
        theirs = outer.get("additionalProperties", True)
        if mine is False or theirs is True:
            return []
        if theirs is False:
            return [] if self._answers else [Difference(where, "any field", "no other field")]
        return self.walk({} if mine is True else mine, theirs, where)

    def _array(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        mine, theirs = inner.get("prefixItems"), outer.get("prefixItems")
        where = f"{path}[]"
        if mine is None and theirs is None:
            return self.walk(inner.get("items", {}), outer.get("items", {}), where)
        if mine is None or (theirs is not None and len(mine) != len(theirs)):
            return [Difference(path, kind(inner), kind(outer))]
        if theirs is None:
            theirs = [outer.get("items", {})] * len(mine)
        pairs = enumerate(zip(mine, theirs, strict=True))
        return [one for at, (a, b) in pairs for one in self.walk(a, b, f"{path}[{at}]")]


def _alternatives(schema: Schema, definitions: Definitions) -> Iterator[Schema]:
    schema = definitions.resolved(schema)
    parts = schema.get("anyOf") or schema.get("oneOf")
    if parts is None:
        yield schema
        return
    for part in parts:
        yield from _alternatives(part, definitions)


def _bounds(inner: Schema, outer: Schema, path: str) -> Iterator[Difference]:
    for word in BOUNDS:
        mine, theirs = inner.get(word), outer.get(word)
        if mine == theirs or theirs is None or theirs is False:
            continue
        if word in _LOWER and mine is not None and mine >= theirs:
            continue
        if word in _UPPER and mine is not None and mine <= theirs:
            continue
        if word == "multipleOf" and mine is not None and mine % theirs == 0:
            continue
        yield Difference(path, bound(word, mine), bound(word, theirs))


def _presence(name: str, schema: Schema) -> str:
    if name not in schema.get("properties", {}):
        return "no such field"
    return "required" if name in schema.get("required", []) else "optional"


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _is_a(value: Any, name: str | None) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case _:
            return name is None


def _unread(schema: Schema) -> dict[str, Any]:
    return {word: value for word, value in schema.items() if word not in _READ}


def _in_full(schema: Schema) -> str:
    return literal({word: schema[word] for word in sorted(schema)})

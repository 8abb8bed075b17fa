"""Schema compatibility: whether another JSON Schema allows all values of one, and where not.

Handles the keywords that Pydantic writes. In doubt it reports a difference: a needless report costs
a look, a missed one costs a broken page.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from duplex.contract.describe import REFERENCE, Schema
from duplex.contract.schema_words import BOUNDS, bound, kind, literal

_READ = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "contentEncoding", "default",
    "deprecated", "description", "enum", "examples", "format", "items", "oneOf", "prefixItems",
    "properties", "propertyNames", "required", "title", "type", *BOUNDS,
}  # fmt: skip
_FORMS = {"format", "contentEncoding"}
_ANY_KEY: Schema = {"type": "string"}

MAX_DIFFERENCES = 100
"""Differences that are kept of one type: paths through recursive types are without number."""

_Compare = Callable[[Schema, Schema, str], "list[Difference]"]


@dataclass(frozen=True, slots=True)
class Difference:
    """At `path`, the `inner` schema allows values that the `outer` does not; both in words."""

    path: str
    inner: str
    outer: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """The named types that a schema's references mean."""

    by_name: Mapping[str, Schema]

    def resolved(self, schema: Schema) -> Schema:
        """The target of a reference, else the schema itself."""
        while "$ref" in schema:
            schema = self.by_name[str(schema["$ref"]).removeprefix(REFERENCE)]
        return schema


def differences(
    inner: Schema, outer: Schema, inside: Definitions, outside: Definitions, *, response: bool
) -> list[Difference]:
    """Where `inner` does not fit into `outer`; references mean `inside` and `outside`.

    With `response`, unknown fields of the other side do not count as differences, because pages
    ignore them, and neither are bounds, because the page's types have none.
    """
    found = _Walk(inside, outside, response).walk(inner, outer, "")
    return list(dict.fromkeys(found))


class _Walk:
    def __init__(self, inside: Definitions, outside: Definitions, response: bool) -> None:
        self._inside = inside
        self._outside = outside
        self._response = response
        self._known: dict[tuple[str, str, str], list[Difference]] = {}

    def walk(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        """Compare two schemas."""
        return self._once(self._choices, inner, outer, path)

    def _once(self, compare: _Compare, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        """Compare two named types once; during their comparison they count as compatible."""
        if not ("$ref" in inner and "$ref" in outer):
            return compare(inner, outer, path)
        pair = (compare.__name__, str(inner["$ref"]), str(outer["$ref"]))
        if pair not in self._known:
            before = set(self._known)
            self._known[pair] = []
            found = compare(inner, outer, "")[:MAX_DIFFERENCES]
            if found:
                # Other pairs may have been found compatible only because these two were assumed so.
                self._known = {key: one for key, one in self._known.items() if one or key in before}
            self._known[pair] = found
        return [
            Difference(_joined(path, one.path), one.inner, one.outer) for one in self._known[pair]
        ]

    def _choices(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        """Every alternative of the inner schema must fit into one of the outer's."""
        found: list[Difference] = []
        wider = list(_alternatives(outer, self._outside))
        words = kind(inner), kind(outer)
        for one in _alternatives(inner, self._inside):
            near = wider if len(wider) == 1 else [it for it in wider if not self._apart(one, it)]
            tries = [self._once(self._plain, one, other, path) for other in near]
            if not all(tries):
                continue
            name = self._inside.resolved(one).get("type")
            same = [
                reasons
                for reasons, other in zip(tries, near, strict=True)
                if self._outside.resolved(other).get("type") == name
            ]
            if len(same) == 1 or (same and words[0] == words[1]):
                found += min(same, key=len)
            elif words[0] == words[1]:
                found.append(Difference(path, kind(one), " or ".join(map(kind, wider))))
            else:
                found.append(Difference(path, *words))
        return found

    def _apart(self, inner: Schema, outer: Schema) -> bool:
        """Whether a field with a constant, such as a tag, rules out that a value fits both."""
        mine = self._inside.resolved(inner).get("properties", {})
        theirs = self._outside.resolved(outer).get("properties", {})
        return any(
            "const" in mine[name] and "const" in theirs[name] and mine[name] != theirs[name]
            for name in mine.keys() & theirs.keys()
        )

    def _plain(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        inner = _keyed(self._inside.resolved(inner))
        outer = _keyed(self._outside.resolved(outer))
        here = Difference(path, kind(inner), kind(outer))
        if not outer.keys() & _READ - {"description", "default", "examples", "deprecated"}:
            return []
        if _unread(inner) != _unread(outer) or inner.get("allOf") != outer.get("allOf"):
            return [Difference(path, _in_full(inner), _in_full(outer))]
        allowed, values = _values(outer), _values(inner)
        if allowed is not None:
            # As JSON: for Python, true is 1.
            written = set(map(literal, allowed))
            return [] if values is not None and written.issuperset(map(literal, values)) else [here]
        if values is not None:
            same_type = all(_is_a(value, outer.get("type")) for value in values)
            if not same_type or _FORMS & outer.keys():
                return [here]
            return [] if self._response else self._bounds(bounds_of(values), outer, path)
        types = (inner.get("type"), outer.get("type"))
        if types[0] != types[1] and types != ("integer", "number"):
            return [here]
        for word in _FORMS:
            if word in outer and inner.get(word) != outer[word]:
                return [here]
        found = [] if self._response else self._bounds(inner, outer, path)
        if types[0] == "object":
            found += self._object(inner, outer, path)
        if types[0] == "array":
            found += self._array(inner, outer, path)
        return found

    def _bounds(self, inner: Schema, outer: Schema, path: str) -> list[Difference]:
        return [Difference(path, *words) for words in wider_bounds(inner, outer)]

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
            elif name in mine and not self._response:
                rest = outer.get("additionalProperties", True)
                if rest is False:
                    found.append(Difference(where, *words))
                elif isinstance(rest, dict):
                    found += self.walk(mine[name], cast("Schema", rest), where)
        return found + self._others(inner, outer, f"{path}.*" if path else "*")

    def _others(self, inner: Schema, outer: Schema, where: str) -> list[Difference]:
        """Fields of any name: `dict[str, …]`, or a model that allows extra fields."""
        mine = inner.get("additionalProperties", False)
        theirs = outer.get("additionalProperties", True)
        if mine is False or theirs is True:
            return []
        if theirs is False:
            return [] if self._response else [Difference(where, "any field", "no other field")]
        keys = inner.get("propertyNames", _ANY_KEY), outer.get("propertyNames", _ANY_KEY)
        return [
            *(self.walk(*keys, f"{where} (key)") if "propertyNames" in outer else []),
            *self.walk({} if mine is True else mine, theirs, where),
        ]

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
    """The members of a union, one by one, with the names that they have."""
    resolved = definitions.resolved(schema)
    parts = resolved.get("anyOf") or resolved.get("oneOf")
    if parts is None:
        yield schema
        return
    for part in parts:
        yield from _alternatives(part, definitions)


def _keyed(schema: Schema) -> Schema:
    """A dict whose keys have a pattern or a format, with the schema of the keys in full."""
    names = schema.get("propertyNames", {})
    if "format" in names:
        return {**schema, "propertyNames": {**_ANY_KEY, **names}}
    patterns = schema.get("patternProperties", {})
    if len(patterns) != 1 or names or "additionalProperties" in schema:
        return schema
    ((pattern, values),) = patterns.items()
    rest = {word: value for word, value in schema.items() if word != "patternProperties"}
    keys = {**_ANY_KEY, "pattern": pattern}
    return {**rest, "additionalProperties": values, "propertyNames": keys}


def _joined(path: str, further: str) -> str:
    if not path or not further:
        return path or further
    return path + further if further[0] in "[ " else f"{path}.{further}"


def _presence(name: str, schema: Schema) -> str:
    if name not in schema.get("properties", {}):
        return "no such field"
    return "required" if name in schema.get("required", []) else "optional"


def _values(schema: Schema) -> list[Any] | None:
    if schema.get("type") == "boolean" and not {"const", "enum"} & schema.keys():
        return [False, True]
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


_LOWER = {"minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"}
_UPPER = {"maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"}
_TWINS = {
    "minimum": "exclusiveMinimum",
    "exclusiveMinimum": "minimum",
    "maximum": "exclusiveMaximum",
    "exclusiveMaximum": "maximum",
}


def wider_bounds(inner: Schema, outer: Schema) -> Iterator[tuple[str, str]]:
    """The bounds of `inner` that allow values outside of those of `outer`, both in words."""
    for word in BOUNDS:
        mine, theirs = inner.get(word), outer.get(word)
        if mine == theirs or theirs is None or theirs is False:
            continue
        if word in _LOWER and mine is not None and mine >= theirs:
            continue
        if word in _UPPER and mine is not None and mine <= theirs:
            continue
        if word in _TWINS and _within(inner, word, theirs):
            continue
        if word == "multipleOf" and mine is not None and mine % theirs == 0:
            continue
        yield bound(word, mine), bound(word, theirs)


def _within(inner: Schema, word: str, theirs: float) -> bool:
    """Whether the bound's twin, `minimum` for `exclusiveMinimum`, keeps a value inside too."""
    twin = inner.get(_TWINS[word])
    if twin is None:
        return False
    room = (twin - theirs) * (1 if word in _LOWER else -1)
    if word.startswith("exclusive"):
        return room > 0
    return room >= (-1 if inner.get("type") == "integer" and theirs % 1 == 0 else 0)


def bounds_of(values: list[Any]) -> Schema:
    """The narrowest bounds around given values of one type."""
    if all(isinstance(value, str) for value in values):
        lengths = list(map(len, values))
        return {"minLength": min(lengths), "maxLength": max(lengths)}
    if all(isinstance(value, int | float) for value in values):
        return {"minimum": min(values), "maximum": max(values)}
    return {}

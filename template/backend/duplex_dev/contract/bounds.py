"""Bounds in JSON Schema: lengths, sizes and limits of numbers."""

from collections.abc import Iterator
from typing import Any

from duplex.contract.describe import Schema
from duplex.contract.schema_words import BOUNDS, bound

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

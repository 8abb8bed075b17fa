"""Finds the lists in a contract that are sets, whose values may have any order."""

from collections.abc import Iterable, Iterator
from typing import cast

from duplex.contract.describe import REFERENCE, Contract, Schema


class Sets:
    """The sets in a contract's responses and in the document."""

    def __init__(self, contract: Contract) -> None:
        self._definitions = contract.definitions
        self._roots = {f"{name}.data": one.response for name, one in contract.states.items()}
        self._roots |= {f"{name}.data": event.data for name, event in contract.events.items()}
        self._roots["initialised.data"] = contract.definitions["Initialised"]

    def has(self, path: str) -> bool:
        """Whether the value at a path such as `state.data.field.0` is a set."""
        state, data, *steps = path.split(".")
        found = self._expanded([self._roots.get(f"{state}.{data}", {})])
        for step in steps:
            found = self._expanded(part for schema in found for part in _below(schema, step))
        return any(schema.get("uniqueItems") for schema in found)

    def _expanded(self, schemas: Iterable[Schema]) -> list[Schema]:
        """The schemas with the targets of their references and unions, each once."""
        waiting, found = list(schemas), dict[int, Schema]()
        while waiting:
            schema = waiting.pop()
            if id(schema) in found:
                continue
            found[id(schema)] = schema
            if "$ref" in schema:
                waiting.append(self._definitions[str(schema["$ref"]).removeprefix(REFERENCE)])
            for word in ("anyOf", "oneOf", "allOf"):
                waiting += cast("list[Schema]", schema.get(word, []))
        return list(found.values())


def _below(schema: Schema, step: str) -> Iterator[Schema]:
    """The schemas of an object's field, or of a list's item."""
    named = cast("dict[str, Schema]", schema.get("properties", {}))
    if step in named:
        yield named[step]
        return
    places = cast("list[Schema]", schema.get("prefixItems", []))
    if step.isdecimal() and int(step) < len(places):
        yield places[int(step)]
        return
    yield from cast("dict[str, Schema]", schema.get("patternProperties", {})).values()
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield schema[word]

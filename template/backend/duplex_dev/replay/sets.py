"""Which lists of a conversation are sets, whose values come in any order."""

from collections.abc import Iterable, Iterator
from typing import cast

from duplex.contract.describe import REFERENCE, Contract, Schema


class Sets:
    """The sets in what a contract's server answers, and in the first document."""

    def __init__(self, contract: Contract) -> None:
        self._definitions = contract.definitions
        self._roots = {f"{name}.data": one.response for name, one in contract.states.items()}
        self._roots["initialised.data"] = contract.definitions["Initialised"]

    def has(self, path: str) -> bool:
        """Whether a set is at a path such as `state.data.field.0`."""
        state, data, *steps = path.split(".")
        found = self._meant([self._roots.get(f"{state}.{data}", {})])
        for step in steps:
            found = self._meant(part for schema in found for part in _below(schema, step))
        return any(schema.get("uniqueItems") for schema in found)

    def _meant(self, schemas: Iterable[Schema]) -> list[Schema]:
        """What references and unions stand for, each once."""
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
    """What an object has under a key, or a list at a place."""
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

"""Compares a frame with the recorded one, where some values are different in each run.

Times match any time. UUIDs and other generated ids match one to one: the same recorded id must be
the same new one everywhere. Lists that the contract declares as sets may have any order. Everything
else must be equal.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any, cast

from duplex.contract.describe import REFERENCE, Contract, Schema
from duplex_dev.replay.recording import HIDDEN, Frame

SHOWN = 120
"""The longest value that a difference shows, in characters."""

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_WORD = r"[A-Za-z0-9_-]{16,}"
_VARYING = re.compile(rf"(?P<time>{_TIME})|(?P<word>{_WORD})")

_MIN_CHANGES = 5
"""A generated id changes at least this often between digits, small and capital letters."""

_COMPARED = ("state", "data", "error", "code", "details", "more")
"""The fields of a frame that are compared; ids and sequence numbers identify the frame."""

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs from the recorded one."""

    path: str
    recorded: str
    now: str

    def __str__(self) -> str:
        return f"{self.path}: recorded {self.recorded}, now {self.now}"


class Matcher:
    """Compares the frames of one replay and remembers which new id replaces which recorded one.

    `ignore` are paths with `*` as a wildcard; `is_set` tells whether the list at a path is a set.
    """

    def __init__(
        self, ignore: Iterable[str] = (), is_set: Callable[[str], bool] = lambda path: False
    ) -> None:
        self._ignore = list(ignore)
        self._is_set = is_set
        self._new: dict[str, str] = {}
        self._old: dict[str, str] = {}

    def pair(self, recorded: object, now: object) -> bool:
        """Note that the two ids are the same thing; False when that contradicts an earlier pair."""
        if not isinstance(recorded, str) or not isinstance(now, str) or recorded == HIDDEN:
            return True
        return (
            self._new.setdefault(recorded, now) == now
            and self._old.setdefault(now, recorded) == recorded
        )

    def frames(self, recorded: Frame, now: Frame, *, cut: bool = False) -> list[Difference]:
        """How the two frames differ. Of one that was `cut`, the data is not compared."""
        name = str(recorded.get("state"))
        if now.get("state") != name:
            return [Difference("frame", _summary(recorded), _summary(now))]
        found: list[Difference] = []
        for field in _COMPARED:
            if cut and field == "data":
                continue
            # The message contains a reference into the server's log.
            if field == "error" and recorded.get("code") == "internal":
                continue
            one, other = recorded.get(field, _MISSING), now.get(field, _MISSING)
            found += self.values(one, other, f"{name}.{field}")
        return found

    def values(self, recorded: object, now: object, path: str) -> list[Difference]:
        """The differences of the two values at `path`."""
        if recorded == HIDDEN or any(fnmatchcase(path, pattern) for pattern in self._ignore):
            return []
        if isinstance(recorded, dict) and isinstance(now, dict):
            return self._objects(
                cast("dict[str, object]", recorded), cast("dict[str, object]", now), path
            )
        if isinstance(recorded, list) and isinstance(now, list):
            return self._lists(cast("list[object]", recorded), cast("list[object]", now), path)
        same = self._texts(recorded, now) if isinstance(recorded, str) else _equal(recorded, now)
        return [] if same else [Difference(path, shown(recorded), shown(now))]

    def _objects(
        self, recorded: dict[str, object], now: dict[str, object], path: str
    ) -> list[Difference]:
        names = [*recorded, *(name for name in now if name not in recorded)]
        return [
            difference
            for name in names
            for difference in self.values(
                recorded.get(name, _MISSING), now.get(name, _MISSING), f"{path}.{name}"
            )
        ]

    def _lists(self, recorded: list[object], now: list[object], path: str) -> list[Difference]:
        if self._is_set(path):
            now = self._in_order_of(recorded, now)
        longest = max(len(recorded), len(now))
        return [
            difference
            for index in range(longest)
            for difference in self.values(
                recorded[index] if index < len(recorded) else _MISSING,
                now[index] if index < len(now) else _MISSING,
                f"{path}.{index}",
            )
        ]

    def _in_order_of(self, recorded: list[object], now: list[object]) -> list[object]:
        """The values of a set in the order of the recorded ones; new values fill the gaps."""
        left = list(now)
        placed: list[object] = []
        for one in recorded:
            wanted = self._new.get(one, one) if isinstance(one, str) else one
            place = next((i for i, other in enumerate(left) if _equal(wanted, other)), None)
            placed.append(_MISSING if place is None else left.pop(place))
        rest = iter(left)
        return [next(rest, one) if one is _MISSING else one for one in placed] + list(rest)

    def _texts(self, recorded: str, now: object) -> bool:
        if recorded == now:
            return True
        if not isinstance(now, str):
            return False
        if recorded in self._new or now in self._old:
            return self.pair(recorded, now)
        (old_frame, old), (new_frame, new) = _split(recorded), _split(now)
        if old_frame != new_frame or len(old) != len(new):
            return False
        return all(
            one.kind == other.kind and (one.kind == "time" or self.pair(one.text, other.text))
            for one, other in zip(old, new, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Varying:
    """A part of a text that differs in each run."""

    kind: str
    text: str


def _split(text: str) -> tuple[list[str], list[_Varying]]:
    """The constant parts of a text, and the varying parts between them."""
    around: list[str] = []
    found: list[_Varying] = []
    end = 0
    for match in _VARYING.finditer(text):
        if match["word"] and not is_generated(match["word"]):
            continue
        around.append(text[end : match.start()])
        found.append(_Varying("time" if match["time"] else "id", match[0]))
        end = match.end()
    return [*around, text[end:]], found


def is_generated(word: str) -> bool:
    """Whether a word looks like an id that a program made, such as a UUID or a token."""
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in word if c not in "-_"]
    return sum(one != other for one, other in pairwise(kinds)) >= _MIN_CHANGES


def _equal(recorded: Any, now: Any) -> bool:
    """Equal as JSON, in which, unlike in Python, true is not the number 1."""
    return recorded == now and isinstance(recorded, bool) == isinstance(now, bool)


def shown(value: Any) -> str:
    """A value as one line of JSON that is not too long."""
    if value is _MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _summary(frame: Frame) -> str:
    state: Any = frame.get("state")
    if state == "error":
        return f"error {frame.get('code')}: {frame.get('error')}"
    return f"{state} {shown(frame.get('data'))}"


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

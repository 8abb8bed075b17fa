"""Which changes of a contract break a page that was loaded before; the rules: docs/contract.md.

The server must still accept old requests, so the old request type has to fit into the new one. Old
pages must still understand new responses, so the new response type has to fit into the old one. A
difference that prevents this is breaking; any other difference is safe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from duplex.contract.describe import Schema
from duplex_dev.contract.compatibility import Definitions, Difference, differences

ContractJson = dict[str, Any]
"""A contract as JSON: `states` (request, response, options by name) and `definitions`."""

RETAINED = ("none", "latest", "all")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: where it is (`startThings request text`), and the new and the old value."""

    breaking: bool
    where: str
    what: str


def compare(old: ContractJson, new: ContractJson) -> list[Change]:
    """All changes, by state; breaking changes come first in each."""
    changes: list[Change] = []
    for name in sorted({**old["states"], **new["states"]}):
        before, now = old["states"].get(name), new["states"].get(name)
        if now is None:
            changes.append(Change(True, name, "the state was removed"))
        elif before is None:
            changes.append(Change(False, name, "a new state"))
        else:
            changes += _options(name, before["options"], now["options"])
            changes += _side(name, "request", before["request"], now["request"], old, new)
            changes += _side(name, "response", before["response"], now["response"], old, new)
    opened = {"$ref": "#/$defs/Initialised"}
    return changes + _side("initialised", "response", opened, opened, old, new)


def _side(
    name: str,
    side: Literal["request", "response"],
    before: Schema,
    now: Schema,
    old: ContractJson,
    new: ContractJson,
) -> list[Change]:
    defs = Definitions(old["definitions"]), Definitions(new["definitions"])
    forward = differences(before, now, defs[0], defs[1], response=side == "response")
    backward = differences(now, before, defs[1], defs[0], response=side == "response")
    turned = [Difference(one.path, one.outer, one.inner) for one in backward]
    breaking, safe = (forward, turned) if side == "request" else (turned, forward)
    broken = {one.path for one in breaking}
    return [
        *(_change(True, name, side, one) for one in breaking),
        *(_change(False, name, side, one) for one in safe if one.path not in broken),
    ]


def _change(breaking: bool, name: str, side: str, one: Difference) -> Change:
    where = " ".join(part for part in (name, side, one.path) if part)
    return Change(breaking, where, f"{one.outer} (was: {one.inner})")


def _options(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    changes: list[Change] = []
    for option in sorted({*old, *new}):
        before, now = old.get(option), new.get(option)
        if before != now:
            breaking = _breaks(option, before, now)
            what = f"{_word(now)} (was: {_word(before)})"
            changes.append(Change(breaking, f"{name} {option}", what))
    return sorted(changes, key=lambda change: not change.breaking)


def _breaks(option: str, before: Any, now: Any) -> bool:
    match option:
        case "admin":
            return now is True
        case "to":
            return now == "sender"
        case "retain" if before in RETAINED and now in RETAINED:
            return RETAINED.index(now) < RETAINED.index(before)
        case _:
            return True


def _word(value: Any) -> str:
    return {True: "yes", False: "no", None: "not declared"}.get(value, str(value))

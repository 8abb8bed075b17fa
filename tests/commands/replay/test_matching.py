"""Which values count as equal: new ids and times, sets in any order, hidden and ignored ones."""

from typing import Any

import duplex
import pytest
from duplex import Model, Registry, state
from duplex.contract.describe import describe
from duplex_dev.replay.match import Matcher, Sets
from duplex_dev.replay.recording import HIDDEN

Session = duplex.Session[Any]


def test_new_ids_and_times_match_and_ids_match_one_to_one() -> None:
    old, new = "3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10", "9a1b2c3d-6f6a-4c1e-9a53-0d1b7c2e4f99"
    third = "11112222-3333-4444-a555-b66666c77777"
    before = {"id": old, "at": "2026-01-31T12:00:00Z", "text": f"made {old}"}
    after = {"id": new, "at": "2027-05-05T01:02:03.4+02:00", "text": f"made {new}"}
    assert Matcher().values(before, after, "x") == []
    assert Matcher().values(before, {**after, "text": f"made {third}"}, "x") != []
    assert Matcher().values([old, third], [new, new], "x") != []
    assert Matcher().values(before, {**after, "at": "tomorrow"}, "x") != []
    assert Matcher().values("a quite long sentence", "a quite wrong sentence", "x") != []
    assert Matcher().values("monday-stand-up-notes", "tuesday-stand-up-notes", "x") != []


def test_the_values_of_a_set_match_in_any_order() -> None:
    matcher = Matcher(is_set=lambda path: path.endswith(".words"))
    recorded = {"words": ["a", "b", 1], "list": ["a", "b"], "k": {"words": [True, "x"]}}

    def found(**now: object) -> list[str]:
        return [str(one) for one in matcher.values(recorded, {**recorded, **now}, "say.data")]

    assert found(words=["b", 1, "a"], k={"words": ["x", True]}) == []
    assert found(list=["b", "a"]) != []
    assert found(words=["b", "c", "a"]) == ['say.data.words.2: recorded 1, now "c"']
    assert found(words=["b", "a"]) == ["say.data.words.2: recorded 1, now nothing"]
    assert found(words=["b", 1, "a", "c"]) == ['say.data.words.3: recorded nothing, now "c"']
    assert found(k={"words": ["x", 1]}) == ["say.data.k.words.0: recorded true, now 1"]


def test_new_ids_in_a_set_are_matched_by_earlier_frames() -> None:
    old = ["3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10", "11112222-3333-4444-a555-b66666c77777"]
    new = ["9a1b2c3d-6f6a-4c1e-9a53-0d1b7c2e4f99", "0a0b0c0d-1e1f-4a4b-8c8d-9e9f0a1b2c3d"]
    matcher = Matcher(is_set=lambda path: path == "x.keys")
    assert matcher.values({"one": old[0]}, {"one": new[0]}, "x") == []
    assert matcher.values({"keys": old}, {"keys": [new[1], new[0]]}, "x") == []
    assert matcher.values({"two": old[1]}, {"two": new[0]}, "x") != []


class Leaf(Model):
    words: set[str]
    below: "list[Leaf]" = []


class Several(Model):
    plain: list[str] = []
    own: set[int] | None = None
    by_name: dict[str, frozenset[str]] = {}
    pair: tuple[int, set[str]] = (0, set())
    leaf: Leaf | None = None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("several.data.plain", False),
        ("several.data.own", True),
        ("several.data.by_name.some key", True),
        ("several.data.pair", False),
        ("several.data.pair.1", True),
        ("several.data.leaf.below.0.below.12.words", True),
        ("several.data.leaf.below", False),
        ("several.data.nowhere.at.all", False),
        ("several.details.own", False),
        ("unknown.data.own", False),
        ("initialised.data.snapshot.words", True),
    ],
)
def test_sets_are_found_in_the_contract(path: str, expected: bool) -> None:
    @state("several")
    async def several(session: Session) -> Several:
        return Several()

    assert Sets(describe(Registry([several]), Leaf)).has(path) == expected


def test_hidden_and_ignored_values_are_not_compared() -> None:
    recorded, now = {"secret": HIDDEN, "took": 1, "n": 1}, {"secret": "s", "took": 2, "n": 2}
    found = Matcher(["say.data.took"]).values(recorded, now, "say.data")
    assert [one.path for one in found] == ["say.data.n"]
    assert Matcher(["say.data.*"]).values(recorded, now, "say.data") == []

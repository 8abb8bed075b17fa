"""Changes in nested and recursive types that `poe contract --against` must not overlook."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from duplex import Model
from duplex_dev.contract.changes import compare
from pydantic import Field, create_model

from tests.commands.contract.test_changes import contract


class Link(Model):
    value: int
    next: "Link | None" = None


class LooseLink(Model):
    value: int | None
    next: "LooseLink | None" = None


class Tree(Model):
    parts: "list[Tree | int]" = []


class LooseTree(Model):
    parts: "list[LooseTree | int | str]" = []


class Hen(Model):
    eggs: "dict[str, Egg | None]" = {}


class Egg(Model):
    hen: Hen | None = None
    weight: int = 0


class LooseHen(Model):
    eggs: "dict[str, LooseEgg | None]" = {}


class LooseEgg(Model):
    hen: LooseHen | None = None
    weight: float = 0


class Cat(Model):
    kind: Literal["cat"]
    lives: int


class Dog(Model):
    kind: Literal["dog"]


LooseCat = create_model("Cat", __base__=Model, kind=(Literal["cat"], ...), lives=(float, ...))


class Size(StrEnum):
    S = "s"
    M = "m"


class LooseSize(StrEnum):
    S = "s"
    M = "m"
    L = "l"


Lower = Annotated[str, Field(pattern="^[a-z]+$")]
Tagged = Field(discriminator="kind")

NARROW_AND_WIDE: list[tuple[str, Any, Any, str]] = [
    ("a list of links", Link, LooseLink, "x.value"),
    ("a tree of several kinds", Tree, LooseTree, "x.parts[]"),
    ("types that hold each other", Hen, LooseHen, "x.eggs.*.weight"),
    ("a member of a tagged union", Annotated[Cat | Dog, Tagged],
     Annotated[LooseCat | Dog, Tagged], "x.lives"),
    ("a dict's keys", dict[Size, int], dict[LooseSize, int], "x.* (key)"),
    ("a dict's keys with a format", dict[UUID, int], dict[str, int], "x.* (key)"),
    ("values behind keys with a pattern", dict[Lower, Link], dict[Lower, LooseLink], "x.*.value"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("narrow", "wide", "where"),
    [row[1:] for row in NARROW_AND_WIDE],
    ids=[row[0] for row in NARROW_AND_WIDE],
)
def test_a_nested_change_is_reported_at_its_path(narrow: Any, wide: Any, where: str) -> None:
    small, large = contract({"x": narrow}, {"x": narrow}), contract({"x": wide}, {"x": wide})
    for old, new, breaking in ((small, large, "response"), (large, small, "request")):
        found = {one.where: one.breaking for one in compare(old, new)}
        assert found == {
            f"say {side} {where}": side == breaking for side in ("request", "response")
        }
    assert compare(small, small) == []


def test_a_change_describes_both_sides_differently() -> None:
    narrow, wide = contract({}, {"x": Tree}), contract({}, {"x": LooseTree})
    (change,) = compare(narrow, wide)
    before, now = change.what.removesuffix(")").split(" (was: ")
    assert before != now


@pytest.mark.parametrize(
    ("old", "new", "breaking"),
    [
        (Annotated[int, Field(gt=0)], Annotated[int, Field(ge=0)], []),
        (Annotated[int, Field(gt=0)], Annotated[int, Field(ge=1)], []),
        (Annotated[float, Field(lt=9)], Annotated[float, Field(le=9)], []),
        (Annotated[float, Field(gt=0)], Annotated[float, Field(ge=1)], ["say request x"]),
        (Annotated[int, Field(le=9)], Annotated[int, Field(lt=9)], ["say request x"]),
        (Literal["abc"], Annotated[str, Field(max_length=3)], []),
        (Literal["abcd"], Annotated[str, Field(max_length=3)], ["say request x"]),
        (Literal[1, 5], Annotated[int, Field(ge=2)], ["say request x"]),
        (Literal["abc"], Annotated[str, Field(pattern="^b")], ["say request x"]),
        (Literal["abc"], UUID, ["say request x"]),
        (Literal[1], Literal[True], ["say request x"]),
        (bool, Literal[True, False], []),
    ],
)
def test_values_and_bounds_of_a_request(old: Any, new: Any, breaking: list[str]) -> None:
    found = compare(contract({"x": old}, {}), contract({"x": new}, {}))
    assert [one.where for one in found if one.breaking] == breaking


def nodes(leaf: Any) -> Any:
    """Fourteen tagged types, each holding any of them twice; `leaf` is a field of the last."""
    kinds = [f"K{number}" for number in range(14)]
    union = f"Annotated[{' | '.join(kinds)}, Field(discriminator='kind')]"
    names: dict[str, Any] = {"Annotated": Annotated, "Field": Field}
    for kind in kinds:
        own: dict[str, Any] = {"leaf": (leaf, ...)} if kind == kinds[-1] else {}
        fields: Any = {"kind": (Literal[kind], ...), "left": (union, ...), "right": (union, ...)}
        names[kind] = create_model(kind, __base__=Model, **fields, **own)
    for kind in kinds:
        names[kind].model_rebuild(_types_namespace=names)
    return names[kinds[0]]


def test_many_mutually_recursive_types_are_compared_quickly() -> None:
    old, new = contract({}, {"x": nodes(int)}), contract({}, {"x": nodes(str)})
    assert compare(old, old) == []
    found = compare(old, new)
    assert found
    assert all(one.breaking and one.where.endswith(".leaf") for one in found)

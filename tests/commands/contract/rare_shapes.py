"""States with the models that a team writes less often; the contract of them must be right as well.

`REQUESTS` are frames' data for them, written as a page would.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NewType, NotRequired, TypeVar
from uuid import UUID

import duplex
from duplex import Model, admins, state
from pydantic import (
    AliasChoices,
    AnyUrl,
    AwareDatetime,
    ByteSize,
    ConfigDict,
    Field,
    FiniteFloat,
    Json,
    JsonValue,
    NonNegativeInt,
    PlainSerializer,
    RootModel,
    SecretStr,
    StringConstraints,
    computed_field,
)
from typing_extensions import TypeAliasType, TypedDict

Session = duplex.Session[Any]

K = TypeVar("K")
T = TypeVar("T")
UserId = NewType("UserId", int)
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z]+$", max_length=9)]
InWords = Annotated[int, PlainSerializer(str, return_type=str)]
Nested = TypeAliasType("Nested", "dict[str, Nested] | list[Nested] | int | None")


class Size(StrEnum):
    S = "s"
    SMALL = "s"
    M = "m"


class Mixed(Enum):
    ONE = 1
    TWO = "two"
    NONE = None


class Map(Model):
    """It is called like something that TypeScript has already, and so are these."""

    entries: dict[UUID, "Record"] = {}


class Record(Model):
    at: "Date"


class Date(Model):
    day: date


class Array(Model):
    items: list[Map] = []


class Empty(Model):
    """Has the name of another module's model."""

    why: str = ""


class Größe(Model):
    """A name that not every tool can write."""

    größe: int = 1


class Leaf(Model):
    kind: Literal["leaf"] = "leaf"
    value: float


class Branch(Model):
    kind: Literal["branch"] = "branch"
    left: "Node"
    right: "Node | None" = None


Node = Annotated[Leaf | Branch, Field(discriminator="kind")]


class Sum(Model):
    terms: "list[Term]"


class Term(RootModel[Sum | float | str]):
    """It may hold itself."""


class Pair(Model, Generic[K, T]):
    key: K
    value: T


@dataclass
class Spot:
    x: int
    y: int = 0


class Inner(TypedDict):
    must: int
    may: NotRequired[str]


class Base(Model):
    id: UserId


class Derived(Base):
    """Has what its base has, and more."""

    name: Slug = "a"


class Renamed(Model):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    both: int = Field(alias="bothWays")
    inside: int = Field(default=1, validation_alias="goesIn", serialization_alias="comesOut")
    choice: int = Field(default=1, validation_alias=AliasChoices("first", "second"))
    dashed: str = Field(default="", alias="data-x y.z")
    klass: str = Field(default="", alias="class")
    digit: str = Field(default="", alias="1st")


class Words(Model):
    """Long.

    It says */ and // and `code` and {@link x} and \\u002a and ends with a backslash \\
    """

    function: int = 1
    constructor: int = 1
    required: list[str] = []
    type: str = Field(default="x", title="*/ The type")
    oneOf: int = 1  # noqa: N815
    discriminator: dict[str, str] = {}
    old: int = Field(default=1, deprecated=True, description="Use */ `type`.\n\nReally.")
    hidden: int = Field(default=1, exclude=True)


class Loose(Model):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]

    known: str


class Texts(Model):
    aware: AwareDatetime
    clock: time
    span: timedelta
    address: IPv4Address
    url: AnyUrl
    secret: SecretStr
    path: Path
    raw: bytes
    json_text: Json[list[int]]
    literal: Literal["a", 1, None, True] = "a"


class Numbers(Model):
    whole: NonNegativeInt = 0
    finite: FiniteFloat = 1
    money: Annotated[Decimal, Field(max_digits=8, decimal_places=2)] = Decimal(1)
    fives: Annotated[int, Field(multiple_of=5)] = 5
    words: InWords = 2
    size: ByteSize = ByteSize(1)
    mixed: Mixed = Mixed.ONE


class Collections(Model):
    frozen: frozenset[int] = frozenset()
    queue: deque[int] = deque()
    sequence: Sequence[str] = ()
    mapping: Mapping[str, int] = {}
    by_day: dict[date, list[Leaf]] = {}
    by_size: dict[Size, int] = {}
    pairs: list[tuple[str, int]] = []
    least_two: Annotated[tuple[int, ...], Field(min_length=2)] = (1, 2)
    bare: dict[str, Any] = {}
    gaps: list[int | None] = []
    inner: Inner = {"must": 1}
    spot: Spot = Spot(1)
    nested: Nested = None
    generic: Pair[str, Pair[int, list[Leaf]]] | None = None


class Rare(Model):
    map: Map = Map()
    array: Array = Array()
    empty: Empty = Empty()
    umlaut: Größe = Größe()
    tree: Node = Leaf(value=1)
    term: Term = Term("x")
    derived: Derived | None = None
    renamed: Renamed | None = None
    words: Words = Words()
    loose: Loose = Loose(known="")
    texts: Texts | None = None
    numbers: Numbers = Numbers()
    collections: Collections = Collections()
    listed: list[int] | None = Field(default_factory=list[int])

    @computed_field(alias="lengthOf", description="How many.")
    @property
    def length(self) -> int:
        return len(self.map.entries)


@state("rare")
async def rare(session: Session, data: Rare) -> Rare:
    """Answers what it got. \\"""
    return data


@state("branch", allow=admins)
async def branch(session: Session, data: Branch) -> Branch:
    """Takes what is a member of a union elsewhere."""
    return data


REQUESTS: dict[str, JsonValue] = {
    "rare": {
        "map": {"entries": {"3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10": {"at": {"day": "2026-01-31"}}}},
        "array": {"items": [{}]},
        "empty": {"why": "not"},
        "umlaut": {"größe": 2},
        "tree": {"kind": "branch", "left": {"kind": "leaf", "value": 1.5}, "right": None},
        "term": {"terms": [1, "x", {"terms": []}]},
        "derived": {"id": 1, "name": "ada"},
        "renamed": {
            "bothWays": 1,
            "goesIn": 2,
            "first": 3,
            "data-x y.z": "",
            "class": "",
            "1st": "",
        },
        "words": {"constructor": 2, "required": ["a"], "oneOf": 3, "discriminator": {"a": "b"}},
        "loose": {"known": "yes", "more": 1},
        "texts": {
            "aware": "2026-01-31T12:00:00Z",
            "clock": "12:00:00",
            "span": "PT1H",
            "address": "192.0.2.1",
            "url": "https://example.com/",
            "secret": "password",
            "path": "a/b",
            "raw": "/w==",
            "json_text": "[1,2]",
            "literal": True,
        },
        "numbers": {"money": "12.50", "fives": 10, "words": 7, "size": "1 KB", "mixed": None},
        "collections": {
            "frozen": [1],
            "queue": [1],
            "sequence": ["a"],
            "mapping": {"a": 1},
            "by_day": {"2026-01-31": [{"kind": "leaf", "value": 1}]},
            "by_size": {"m": 1},
            "pairs": [["a", 1]],
            "least_two": [1, 2, 3],
            "bare": {"a": {"b": None}},
            "gaps": [1, None],
            "inner": {"must": 1, "may": "be"},
            "spot": {"x": 1},
            "nested": {"a": [{"b": 1}, None]},
            "generic": {"key": "a", "value": {"key": 1, "value": [{"kind": "leaf", "value": 1}]}},
        },
        "listed": None,
    },
    "branch": {"kind": "branch", "left": {"kind": "leaf", "value": 1}},
}

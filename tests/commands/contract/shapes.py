"""States with every kind of model that a team may write; the contract of them must be right.

`REQUESTS` are frames' data for them, written as a page would.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import duplex
from duplex import Model, state
from pydantic import ConfigDict, Field, JsonValue, RootModel, computed_field
from typing_extensions import TypedDict

Session = duplex.Session[Any]

T = TypeVar("T")


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Tree(Model):
    """A node and its children."""

    value: int = 0
    children: list["Tree"] = []


class Page(Model, Generic[T]):
    items: list[T]
    next: int | None = None


class Point(NamedTuple):
    x: float
    y: float


class Options(TypedDict, total=False):
    loud: bool


class Cat(Model):
    kind: Literal["cat"]
    lives: int = 9


class Dog(Model):
    kind: Literal["dog"]


class Tags(RootModel[list[str]]):
    """Words."""


class Empty(Model):
    """A model without fields."""


class Everything(Model):
    """A field of every kind. It ends a comment */ on the way."""

    needed: str
    number: int = 0
    small: Annotated[int, Field(ge=1, le=9)] = 1
    price: Decimal = Decimal("1.5")
    raw: bytes = b""
    at: datetime = datetime.min.replace(tzinfo=UTC)
    day: date | None = None
    span: timedelta = timedelta()
    key: UUID | None = None
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    pair: tuple[int, str] = (1, "a")
    many: tuple[int, ...] = ()
    nothing: tuple[()] = ()
    few: Annotated[list[str], Field(min_length=1, max_length=3)] = ["a"]
    unique: set[str] = {"b", "a"}
    by_name: dict[str, Tree] = {}
    by_number: dict[int, list[bool]] = {}
    by_colour: dict[Colour, Tree] = {}
    by_level: dict[Level, bool] = {}
    by_kind: dict[Literal["free"], Any] = {}
    by_word: list[dict[Literal["on", "off"], int]] = []
    tree: Tree = Field(default_factory=Tree, description="Where it grows.")
    trees: Page[Tree] | None = None
    point: Point = Point(0, 0)
    options: Options = {}
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Dog(kind="dog")
    either: int | str | None = None
    free: Any = None
    json_value: JsonValue = None
    renamed: int = Field(default=1, alias="theirName")
    kebab: int = Field(default=1, alias="with-dash")
    title: str = "a field that is called like a word of JSON Schema"
    properties: dict[str, str] = {}
    tags: Tags = Tags([])
    empty: Empty = Empty()

    @computed_field
    @property
    def doubled(self) -> int:
        """Only the server knows it."""
        return self.number * 2


class Open(Model):
    model_config = ConfigDict(extra="allow")

    known: int


class CatReply(Model):
    pet: Cat


@state("everything")
async def everything(session: Session, data: Everything) -> Everything:
    """Answers what it got."""
    return data


@state("noData", to="sender", retain="none")
async def no_data(session: Session) -> None:
    """Neither takes nor answers anything."""


@state("maybe", closes=True)
async def maybe(session: Session, data: Open) -> CatReply | None:
    """Answers sometimes."""
    return None


@state("numbers", retain="latest")
async def numbers(session: Session, data: Empty) -> AsyncIterator[Tree]:
    """Streams."""
    yield Tree()


REQUESTS: dict[str, JsonValue] = {
    "everything": {
        "needed": "",
        "price": "12.50",
        "raw": "/w==",
        "at": "2026-01-31T12:00:00Z",
        "day": "2026-01-31",
        "span": "PT1H",
        "key": "3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10",
        "colour": "green",
        "level": 2,
        "pair": [1, "b"],
        "many": [1, 2, 3],
        "few": ["a", "b"],
        "by_name": {"a": {"children": [{}]}},
        "by_number": {"1": [True]},
        "by_colour": {"red": {}},
        "by_level": {"2": True},
        "by_kind": {"free": [None]},
        "by_word": [{"off": 1}],
        "trees": {"items": [{"value": 1}], "next": 2},
        "point": [1, 2.5],
        "options": {"loud": True},
        "pet": {"kind": "cat", "lives": 7},
        "either": "x",
        "free": {"a": [None]},
        "json_value": [1, "a", None],
        "theirName": 2,
        "with-dash": 3,
        "tags": ["a"],
        "empty": {},
    },
}

"""A document that could not be read back is refused when the server starts, with the reason; edits
of one request may overlap.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime
from enum import Enum
from typing import Annotated, Literal, Self
from uuid import UUID

import duplex
import pytest
from duplex import BadState, Model, Registry, state
from duplex.contract.model_schemas import check_document
from duplex.wire.models import has_bounds
from pydantic import (
    AfterValidator,
    AliasChoices,
    ConfigDict,
    Field,
    computed_field,
    model_validator,
)

from tests.engine.states import Gates, Said, Text, states
from tests.engine.support import Notes, Server, Store, make_engine, serving, setup

Session = duplex.Session[Notes]


class Line(Model):
    text: str = Field("", serialization_alias="words")


class TwoNames(Model):
    lines: list[Line] = Field(default_factory=list[Line])


class Choices(Model):
    text: str = Field("", validation_alias=AliasChoices("old", "new"))


class Computed(Model):
    lines: list[str] = Field(default_factory=list[str])

    @computed_field
    @property
    def count(self) -> int:
        return len(self.lines)


class Branch(Model):
    """It refers to itself."""

    branches: list["Branch"] = Field(default_factory=list["Branch"])

    @computed_field
    @property
    def count(self) -> int:
        return len(self.branches)


class Tree(Model):
    branches: list["Tree"] = Field(default_factory=list["Tree"])


class NoDefault(Model):
    owner: str


class OneAlias(Model):
    lines: list[str] = Field(default_factory=list[str], alias="allLines")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (TwoNames, "`text`, `words` of Line is written but not read"),
        (Choices, "`old`, `text` of Choices is written but not read"),
        (Computed, "`count` of Computed is written but not read"),
        (Branch, "`count` of Branch is written but not read"),
        (NoDefault, "a new session needs a default for `owner`"),
    ],
)
def test_a_document_that_cannot_be_shared_stops_the_start(
    document: type[Model], reason: str
) -> None:
    with pytest.raises(BadState, match=reason):
        check_document(document)


@pytest.mark.parametrize("document", [OneAlias, Notes, Tree])
def test_any_other_document_is_accepted(document: type[Model]) -> None:
    check_document(document)


class Colour(Enum):
    RED = "red"


class Node(Model):
    text: str = ""
    below: "list[Node]" = []


class Free(Model):
    nodes: dict[str, Node] = {}
    at: datetime | None = None
    key: UUID | None = None
    colour: Colour = Colour.RED
    kind: Literal["a", "b"] = "a"
    words: set[str] = set()


class Ordered(Model):
    first: int = 0
    last: int = 0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        assert self.first <= self.last
        return self


class Named(Model):
    """Fields with the names of keywords in pydantic's schemas."""

    type: str = ""
    pattern: str = ""
    version: int = 0
    metadata: str = ""


class Members(Model):
    members: list[Annotated[int, Field(ge=1)]] = []


class ShortTexts(Model):
    model_config = ConfigDict(str_max_length=10)

    text: str = ""


@pytest.mark.parametrize("document", [Free, Named, Notes])
def test_a_document_without_bounds_is_not_read_back(document: type[Model]) -> None:
    assert not has_bounds(document)


def field(annotation: object) -> type[Model]:
    """A document with a list of this inside another model."""
    inner = type("Inner", (Model,), {"__annotations__": {"values": annotation}})
    return type("Outer", (Model,), {"__annotations__": {"inner": list[inner]}, "inner": []})


@pytest.mark.parametrize(
    "document",
    [
        field(list[Annotated[str, Field(max_length=3)]]),
        field(Annotated[list[int], Field(min_length=1)]),
        field(dict[Annotated[str, Field(pattern="a")], int]),
        field(dict[str, Annotated[int, Field(ge=1)]]),
        field(Annotated[str, AfterValidator(str)]),
        # Written as null where it is no number, which is not read back.
        field(float),
        Ordered,
        ShortTexts,
        Members,
    ],
)
def test_a_document_with_bounds_is_read_back(document: type[Model]) -> None:
    assert has_bounds(document)


class Three(Notes):
    """Notes with bounds that an append does not look at."""

    lines: Annotated[list[Annotated[str, Field(max_length=5)]], Field(max_length=3)] = Field(
        default_factory=list[str]
    )


async def test_an_edit_beyond_a_bound_is_an_error_and_changes_nothing() -> None:
    async with (
        serving(make_engine(states(Gates()), document=Three)) as server,
        await server.client(session="bounds") as ada,
    ):
        assert (await ada.reply("note", {"text": "too long"}))["code"] == "internal"
        for text in ("one", "two", "three"):
            assert (await ada.reply("note", {"text": text}))["data"] == {"text": text}
        assert (await ada.reply("note", {"text": "four"}))["code"] == "internal"
        async with await server.client(session="bounds") as bob:
            assert bob.initialised["snapshot"] == {"lines": ["one", "two", "three"]}


class Typed(Notes):
    type: str = ""


async def test_a_document_may_have_a_field_named_type() -> None:
    async with (
        serving(make_engine(states(Gates()), document=Typed)) as server,
        await server.client(session="typed") as ada,
    ):
        assert (await ada.reply("note", {"text": "one"}))["data"] == {"text": "one"}


def together() -> Registry:
    @state("together")
    async def both(session: Session, data: Text) -> Said:
        """Edit in two tasks at once. `a fails` or `b fails`: that edit raises, after the other one
        has ended.
        """
        begun = {"a": asyncio.Event(), "b": asyncio.Event()}
        ended = asyncio.Event()

        async def edit(name: str, other: str) -> None:
            async with session.edit() as notes:
                notes.lines.append(name)
                begun[name].set()
                await begun[other].wait()
                if data.text == f"{name} fails":
                    await ended.wait()
                    raise RuntimeError(name)
            ended.set()

        await asyncio.gather(edit("a", "b"), edit("b", "a"), return_exceptions=True)
        return Said(text="done")

    @state("inside")
    async def inside(session: Session) -> None:
        with suppress(RuntimeError):
            async with session.edit() as outer:
                outer.lines.append("outer")
                async with session.edit() as inner:
                    inner.lines.append("inner")
                raise RuntimeError("outer")
        async with session.edit() as notes:
            notes.lines.append("after")

    @state("look", to="sender")
    async def look(session: Session) -> Notes:
        return await session.read()

    return Registry([both, inside, look])


@pytest.fixture(params=["memory", "valkey"])
async def server(request: pytest.FixtureRequest, store: Store) -> AsyncGenerator[Server]:
    given = setup()
    if request.param == "valkey":
        given.broker_url = request.getfixturevalue("shared_valkey").url
    async with serving(make_engine(together(), given, store=store)) as made:
        yield made


async def test_two_tasks_of_a_handler_edit_at_once(server: Server) -> None:
    async with await server.client(session="together") as client:
        assert (await client.reply("together", {"text": ""}))["data"] == {"text": "done"}
        assert sorted((await client.reply("look"))["data"]["lines"]) == ["a", "b"]


@pytest.mark.parametrize("how", ["a fails", "b fails"])
async def test_an_edit_that_takes_back_that_of_another_task_fails_the_request(
    server: Server, how: str
) -> None:
    async with await server.client(session=how.replace(" ", "-")) as client:
        assert (await client.reply("together", {"text": how}))["code"] == "internal"
        assert (await client.reply("look"))["data"]["lines"] == []


async def test_an_edit_that_fails_takes_back_those_inside_it(server: Server) -> None:
    async with await server.client(session="inside") as client:
        assert (await client.reply("inside"))["data"] is None
        assert (await client.reply("look"))["data"]["lines"] == ["after"]

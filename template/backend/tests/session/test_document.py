"""A document that could not be read back is refused when the server starts, with the reason."""

import pytest
from pydantic import AliasChoices, Field, computed_field

from app.session import BadState, Model, Registry
from app.snapshot import Snapshot
from tests.session.support import make_engine


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
        (NoDefault, "a new session needs a default for `owner`"),
    ],
)
def test_a_document_that_cannot_be_shared_stops_the_start(
    document: type[Model], reason: str
) -> None:
    with pytest.raises(BadState, match=reason):
        make_engine(Registry([]), snapshot=document)


@pytest.mark.parametrize("document", [OneAlias, Snapshot])
def test_any_other_document_is_taken(document: type[Model]) -> None:
    assert make_engine(Registry([]), snapshot=document)

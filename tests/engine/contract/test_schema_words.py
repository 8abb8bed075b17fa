"""A schema in words contains all rules for a valid value."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from duplex.contract.schema_words import kind
from pydantic import Field, TypeAdapter


class Size(StrEnum):
    S = "s"


Lower = Annotated[str, Field(pattern="^[a-z]+$")]


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (dict[str, int], "object of whole number"),
        (dict[str, int | str], "object of whole number or text"),
        (dict[Size, int], "object of whole number by Size"),
        (dict[Size, int | str], "object of (whole number or text) by Size"),
        (dict[UUID, bool], "object of (true or false) by text (uuid)"),
        (dict[Lower, int], "object of whole number"),
        (dict[str, Any], "object"),
        (list[dict[Size, int]], "list of object of whole number by Size"),
    ],
)
def test_a_dict_is_described_with_its_values_and_keys(annotation: Any, words: str) -> None:
    assert kind(TypeAdapter(annotation).json_schema()) == words

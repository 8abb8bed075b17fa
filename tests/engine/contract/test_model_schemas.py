"""Values without a type are refused with their place; errors in Pydantic's schemas are fixed."""

import json
from collections.abc import Callable
from enum import Enum, IntFlag, StrEnum
from typing import Annotated, Any, Literal

import duplex
import pytest
from duplex import BadState, Model, Registry, state
from duplex.contract.describe import Contract, describe
from duplex.contract.model_schemas import check_document
from duplex.requests.states import AnyState
from pydantic import AliasChoices, AliasPath, ConfigDict, Field, create_model

Session = duplex.Session[Any]


class Right(IntFlag):
    READ = 1
    WRITE = 2


class Plain(Enum):
    A = "a"


class Text(StrEnum):
    A = "a"


class Black(Model):
    animal: Literal["cat"] = "cat"
    colour: Literal["black"] = "black"


class White(Model):
    animal: Literal["cat"] = "cat"
    colour: Literal["white"] = "white"


class Dog(Model):
    animal: Literal["dog"] = "dog"


Cat = Annotated[Black | White, Field(discriminator="colour")]


class Shared(Model):
    """The shared document of these tests."""


class Foreign:
    """No model, and nothing that Pydantic knows."""


class Loose(Model):
    model_config = ConfigDict(arbitrary_types_allowed=True)


def taking(kind: Any) -> AnyState:
    """A state whose request has a field of this type, inside another model."""
    here: Any = {"here": (kind, ...)}
    inner: Any = create_model("Inner", __base__=Loose, __module__="app.states.some", **here)
    held: Any = {"inner": (inner | None, None)}
    outer = create_model("Outer", __base__=Model, **held)

    async def say(session: Session, data: Model) -> Model: ...

    say.__annotations__ |= {"data": outer, "return": outer}
    return state("say")(say)


def contract(kind: Any) -> Contract:
    return describe(Registry([taking(kind)]), Shared)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Callable[[], int], "`here` has no type on the wire"),
        (Foreign, "`here` has no type on the wire"),
        (int | Foreign, "`here` has no type on the wire"),
        (list[Foreign] | None, "`here` has no type on the wire"),
        (Literal[Plain.A], "StrEnum"),
        (Literal[b"a"], "`here` has no type on the wire"),
        (Annotated[int, Field(validation_alias=AliasPath("a", "b"))], "plain alias"),
        (Annotated[int, Field(alias="__proto__")], "cannot be called `__proto__`"),
        (Annotated[int, Field(serialization_alias="$ref")], r"cannot be called `\$ref`"),
    ],
)
def test_a_value_without_a_type_is_refused_with_its_model_and_field(kind: Any, reason: str) -> None:
    with pytest.raises(BadState, match=rf"^app\.states\.some\.Inner: .*{reason}"):
        contract(kind)


def test_an_alias_path_in_addition_to_a_plain_alias_is_ignored() -> None:
    kind = Annotated[int, Field(validation_alias=AliasChoices(AliasPath("a", 0), "flat"))]
    assert contract(kind).definitions["InnerInput"]["required"] == ["flat"]


def test_the_literal_of_a_text_enum_is_read_from_json() -> None:
    taking(Literal[Text.A]).read('{"state": "say", "data": {"inner": {"here": "a"}}}')
    assert contract(Literal[Text.A]).definitions["Inner"]["properties"]["here"]["const"] == "a"


def test_flags_are_numbers_because_they_are_combined() -> None:
    asked, _ = taking(Right).read('{"state": "say", "data": {"inner": {"here": 3}}}')
    assert asked is not None
    assert json.loads(asked.model_dump_json()) == {"inner": {"here": 3}}
    assert contract(Right).definitions["Right"] == {"type": "integer"}


def test_the_tag_of_a_union_of_unions_is_needed_in_each_member() -> None:
    definitions = contract(Annotated[Cat | Dog, Field(discriminator="animal")]).definitions
    for name, tags in (("Black", {"animal", "colour"}), ("White", {"animal", "colour"})):
        assert set(definitions[f"{name}Input"]["required"]) == tags
    assert definitions["DogInput" if "DogInput" in definitions else "Dog"]["required"] == ["animal"]


def test_a_shared_document_is_refused_for_the_same_reasons() -> None:
    class Document(Model):
        word: Literal[Plain.A] = Plain.A

    with pytest.raises(BadState, match="`word` has no type on the wire"):
        check_document(Document)

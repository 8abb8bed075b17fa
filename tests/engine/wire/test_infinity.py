"""A number that JSON cannot write again is refused in every field, also in one without a type."""

from typing import Any

import pytest
from duplex import Model, Registry, state
from duplex.wire.messages import Rejected, Unreadable
from duplex.wire.models import accepts_infinity
from pydantic import BaseModel, ConfigDict, JsonValue

from tests.engine.states import Said, Session, Text
from tests.engine.support import make_engine, serving


class Anything(Model):
    value: Any = None
    text: str = ""


class Json(Model):
    value: dict[str, JsonValue] | None = None


class Open(Model):
    model_config = ConfigDict(extra="allow")


class Plain(BaseModel):
    value: float | list[float] | None = None


class Inside(Model):
    value: Plain | None = None


class Typed(Model):
    value: float | None = None
    text: str = ""
    values: tuple[int, list[float]] | None = None


def taking(model: type[BaseModel]) -> Registry:
    """One state, whose requests are of this model."""

    async def take(session: Session, data: BaseModel) -> Said:
        return Said(text=data.model_dump_json())

    take.__annotations__["data"] = model
    return Registry([state("take")(take)])


def frame(data: str) -> str:
    """A request for `take`."""
    return f'{{"state":"take","data":{data},"id":"9"}}'


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" * 400 + ".0", "1" * 290 + "e99"])
@pytest.mark.parametrize(
    ("model", "data", "field"),
    [
        (Anything, '{"value":%s}', "value"),
        (Anything, '{"value":["Infinity",{"a":%s}],"text":"a"}', "value.1.a"),
        # The empty text makes the frame invalid at first.
        (Anything, '{"value":%s,"text":null}', "value"),
        (Json, '{"value":{"a":%s}}', "value.a"),
        (Open, '{"value":%s}', "value"),
        (Plain, '{"value":%s}', "value"),
        (Inside, '{"value":{"value":[1,%s]}}', "value.value.1"),
        (Typed, '{"value":%s}', "value"),
        (Typed, '{"value":%s,"text":null}', "value"),
    ],
)
def test_a_number_that_is_too_big_is_refused_with_its_field(
    model: type[BaseModel], data: str, field: str, number: str
) -> None:
    with pytest.raises(Rejected) as refused:
        taking(model).read(frame(data % number))
    assert (refused.value.code, refused.value.request_id) == ("invalid_data", "9")
    assert refused.value.details == {
        "state": "take",
        "problems": [{"field": field, "problem": "Input should be a finite number"}],
    }
    assert f"{field}: Input should be a finite number" in refused.value.sentence


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("model", [Anything, Json, Open, Plain, Typed])
def test_a_word_that_is_no_json_number_is_refused(model: type[BaseModel], number: str) -> None:
    with pytest.raises(Unreadable, match="not valid JSON"):
        taking(model).read(frame(f'{{"value":{number}}}'))


@pytest.mark.parametrize(
    "value", ['"Infinity"', '"NaN"', "1e308", "-1e308", "1" * 400, '"1e999"', '[{"Infinity":0}]']
)
def test_any_other_value_is_accepted_in_a_field_without_a_type(value: str) -> None:
    request = taking(Anything).read(frame(f'{{"value":{value}}}'))
    assert isinstance(request.data, Anything)
    assert request.data.value is not None


def test_models_whose_fields_have_types_are_not_parsed_twice() -> None:
    models = (Anything, Json, Open, Plain, Inside, Typed, Text)
    loose = [model.__name__ for model in models if accepts_infinity(model)]
    assert loose == ["Anything", "Json", "Open", "Plain", "Inside"]


async def test_a_client_gets_the_error_and_the_session_continues() -> None:
    async with (
        serving(make_engine(taking(Anything))) as server,
        await server.client() as ada,
    ):
        await ada.send(frame('{"value":1e999}'))
        error = await ada.receive()
        assert (error["state"], error["code"], error["id"]) == ("error", "invalid_data", "9")
        assert (await ada.reply("take", {"value": 1e300}))["data"]["text"].startswith("{")

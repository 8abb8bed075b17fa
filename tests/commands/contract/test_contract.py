"""contract.ts says what goes over the wire: no more, no less, and nothing twice."""

import json
import re
from pathlib import Path
from typing import Any

import duplex
import pytest
from duplex import Model, state
from duplex.contract.describe import REFERENCE, describe, plain
from duplex.contract.model_schemas import type_key, type_names
from duplex.requests.registry import Registry
from duplex.requests.states import AnyState, BadState
from duplex_dev.console import TaskError
from duplex_dev.contract.files import describe_application
from duplex_dev.contract.typescript import describe_error, for_compiler, with_stable_phrases
from pydantic import Field

from tests.commands.contract import rare_shapes, shapes
from tests.commands.contract.compiling import errors_of, generate, registry_of

Session = duplex.Session[Any]

USAGE = Path(__file__).with_name("usage.ts")


class Notes(Model):
    """The shared document of these tests."""

    lines: list[str] = []


@pytest.fixture(scope="module")
def registry() -> Registry:
    return registry_of(shapes, rare_shapes)


@pytest.fixture(scope="module")
def typescript(packages: None, registry: Registry) -> str:
    return generate(registry, Notes)


def wire(registry: Registry) -> str:
    """Requests of a page and the server's answers, as values of the contract's types."""
    lines = ['import type { Requests, Responses } from "./contract";']
    for name, data in (shapes.REQUESTS | rare_shapes.REQUESTS).items():
        asked, _ = registry[name].read(json.dumps({"state": name, "data": data}))
        answered = registry[name].encode(asked).decode()
        lines.append(f'export const {name}Request: Requests["{name}"] = {json.dumps(data)};')
        lines.append(f'export const {name}Response: Responses["{name}"] = {answered};')
    return "\n".join(lines)


def test_every_shape_has_the_type_that_the_wire_carries(
    typescript: str, registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "contract.ts").write_text(typescript, encoding="utf-8")
    (tmp_path / "usage.ts").write_text(USAGE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "wire.ts").write_text(wire(registry), encoding="utf-8")
    assert errors_of(tmp_path, "usage.ts", "wire.ts") == ""


def test_no_type_is_any(typescript: str) -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", typescript, flags=re.DOTALL)
    assert re.search(r"\bany\b", code) is None


def test_the_same_states_give_the_same_text(typescript: str, registry: Registry) -> None:
    assert generate(Registry(reversed(list(registry.values()))), Notes).count("\n") > 100
    assert generate(registry, Notes) == typescript


def test_models_with_the_same_name_in_two_states_are_distinguished() -> None:
    names = type_names(
        ["app__states__a__Item", "app__states__b__Item", "Entry-Input", "Entry-Output"],
        {},
        frozenset(),
    )
    assert names == {
        "app__states__a__Item": "AItem",
        "app__states__b__Item": "BItem",
        "Entry-Input": "EntryInput",
        "Entry-Output": "Entry",
    }


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["Page_int_"], {"Page_int_": "PageInt"}),
        (["snake_model"], {"snake_model": "SnakeModel"}),
        (["Taken"], {"Taken": "Taken2"}),
        (["app__a__Taken"], {"app__a__Taken": "ATaken"}),
        (["x__F__1", "x__F__2"], {"x__F__1": "F1", "x__F__2": "F2"}),
        (["_1"], {"_1": "Type1"}),
    ],
)
def test_every_type_name_is_valid_and_unused_in_typescript(
    keys: list[str], expected: dict[str, str]
) -> None:
    assert type_names(keys, {}, frozenset({"Taken"})) == expected


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Item", "Item"),
        ("app.states.a.Item", "app__states__a__Item"),
        ("app.a.Pair[str,list[app.b.Leaf]]", "app__a__Pair_str_list_app_b_Leaf"),
        ("app.a.Größe", "app__a__Groe"),
    ],
)
def test_a_generic_models_key_ends_with_its_own_name(name: str, key: str) -> None:
    assert type_key(name) == key


def test_a_model_may_have_the_name_of_a_server_frame() -> None:
    class Participant(Model):
        badge: int

    async def greet(session: Session, data: Participant) -> None: ...

    greet.__annotations__["data"] = Participant
    contract = describe(Registry([state("greet")(greet)]), Notes)
    assert "participant" in contract.definitions["Participant"]["properties"]
    own = contract.states["greet"].request["$ref"].removeprefix(REFERENCE)
    assert contract.definitions[own]["properties"].keys() == {"badge"}


def test_two_states_may_each_have_a_model_of_the_same_name() -> None:
    registry = Registry(
        [
            *one_state(renamed(Plain, "Item", "app.states.first"), name="first").values(),
            *one_state(renamed(Longer, "Item", "app.states.second"), name="second").values(),
        ]
    )
    contract = describe(registry, Notes)
    assert contract.states["first"].request == {"$ref": "#/$defs/FirstItem"}
    assert contract.definitions["SecondItem"]["properties"].keys() == {"text", "more"}


def test_an_error_in_a_model_is_reported_once_with_its_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BadState("app.states.some.Inner: `here` has no type on the wire")

    monkeypatch.setattr("duplex.web.application.describe", refuse)
    with pytest.raises(TaskError, match=r"^BadState: app\.states\.some\.Inner: `here`"):
        describe_application()


def test_a_syntax_error_is_reported_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import os\n\ndef broken(:\n", encoding="utf-8")
    with pytest.raises(SyntaxError) as caught:
        compile(file.read_text(encoding="utf-8"), str(file), "exec")
    assert describe_error(caught.value).startswith(f"{file}:3: SyntaxError: ")


@pytest.mark.parametrize(
    ("status", "old", "new"),
    [
        ("413", "Request Entity Too Large", "Content Too Large"),
        ("422", "Unprocessable Entity", "Unprocessable Content"),
    ],
)
def test_the_rest_types_do_not_depend_on_the_python_version(
    status: str, old: str, new: str
) -> None:
    """Python 3.13 renamed these statuses, and FastAPI copies Python's names."""

    def document(text: str) -> dict[str, Any]:
        return {"paths": {"/a": {"get": {"responses": {status: {"description": text}}}}}}

    assert with_stable_phrases(document(old)) == document(new)
    assert with_stable_phrases(document(new)) == document(new)
    assert with_stable_phrases(document("Own words")) == document("Own words")


def one_state(request: type[Model], name: str = "one", **rules: Any) -> Registry:
    async def handler(session: Session, data: Model) -> None: ...

    handler.__annotations__["data"] = request
    made: AnyState = state(name, **rules)(handler)
    return Registry([made])


class Plain(Model):
    text: str = ""


def fingerprint(request: type[Model], **rules: Any) -> str:
    return describe(one_state(request, **rules), Notes).fingerprint


def test_comments_and_defaults_do_not_change_the_fingerprint() -> None:
    class Explained(Model):
        """It has a docstring now."""

        text: str = Field(default="other", description="What is said.", title="Words")

    before = describe(one_state(Plain), Notes)
    after = describe(one_state(renamed(Explained, "Plain")), Notes)
    assert after.fingerprint == before.fingerprint


def renamed(model: type[Model], name: str, module: str = __name__) -> type[Model]:
    """The model as if it had been written with that name, in that module."""
    return type(name, (model,), {"__doc__": model.__doc__, "__module__": module})


class Longer(Model):
    text: str = ""
    more: int = 0


@pytest.mark.parametrize(
    "changed",
    [
        lambda: fingerprint(renamed(Longer, "Plain")),
        lambda: fingerprint(Plain, to="sender"),
        lambda: fingerprint(Plain, retain="none"),
        lambda: fingerprint(Plain, closes=True),
    ],
    ids=["a field", "to", "retain", "closes"],
)
def test_changes_on_the_wire_change_the_fingerprint(changed: Any) -> None:
    assert changed() != fingerprint(Plain)


def test_the_documents_type_is_part_of_the_fingerprint() -> None:
    class Other(Model):
        count: int = 0

    registry = one_state(Plain)
    assert describe(registry, Notes).fingerprint != describe(registry, Other).fingerprint


def test_a_field_may_have_the_name_of_a_json_schema_keyword() -> None:
    schema = {"type": "object", "title": "T", "properties": {"title": {"type": "string"}}}
    assert plain(schema, str) == {"type": "object", "properties": {"title": {"type": "string"}}}


def test_a_reference_with_a_description_stays_one_named_type() -> None:
    compiled = for_compiler({"$ref": "#/$defs/Tree", "description": "Where it grows."})
    assert compiled == {"tsType": "Tree", "description": "Where it grows."}

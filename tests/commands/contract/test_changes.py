"""`poe contract --against REF` calls breaking what breaks an older page, and nothing else."""

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import duplex
import pytest
from duplex import Model, Registry, admins, event, state
from duplex.contract.describe import describe
from duplex.wire.entries import Retain
from duplex_dev.console import TaskError
from duplex_dev.contract.changes import ContractJson, archive, compare, contract_of, report, unpack
from duplex_dev.project import BACKEND
from pydantic import ConfigDict, Field, create_model

from tests.repository import commit

Session = duplex.Session[Any]


class Notes(Model):
    lines: list[str] = []


class Tree(Model):
    value: int = 0
    children: list["Tree"] = []


class Leaf(Model):
    children: list["Leaf"] = []


class Cat(Model):
    kind: Literal["cat"]


class Dog(Model):
    kind: Literal["dog"]


class Lax(Model):
    model_config = ConfigDict(extra="ignore")


Fields = dict[str, Any]
"""Field -> its type (required), or a tuple of type and default."""


def told(registry: Registry, notes: type[Model] = Notes) -> ContractJson:
    return json.loads(json.dumps(asdict(describe(registry, notes))))


def contract(
    request: Fields, response: Fields, base: type[Model] = Model, **rules: Any
) -> ContractJson:
    def model(name: str, fields: Fields) -> type[Model]:
        given: Fields = {
            key: one if isinstance(one, tuple) else (one, ...) for key, one in fields.items()
        }
        return create_model(name, __base__=base, **given)

    async def say(session: Session, data: Model) -> Model: ...

    say.__annotations__ |= {"data": model("Ask", request), "return": model("Answer", response)}
    return told(Registry([state("say", **rules)(say)]))


def verdicts(old: ContractJson, new: ContractJson) -> dict[str, str]:
    """Where -> breaking or safe."""
    return {one.where: "breaking" if one.breaking else "safe" for one in compare(old, new)}


NARROWER_TO_WIDER: list[tuple[str, Any, Any]] = [
    ("another member", Literal["a"], Literal["a", "b"]),
    ("null", int, int | None),
    ("a union", int, int | str),
    ("a float", int, float),
    ("any text", UUID, str),
    ("text instead of words", Literal["a"], str),
    ("anything", int, Any),
    ("another tag", Cat, Annotated[Cat | Dog, Field(discriminator="kind")]),
    ("inside a list", list[int], list[int | None]),
    ("inside a dict", dict[str, int], dict[str, float]),
    ("inside a tuple", tuple[int, int], tuple[int, float]),
    ("a list of any length", tuple[int, int], list[int]),
]


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [row[1:] for row in NARROWER_TO_WIDER],
    ids=[row[0] for row in NARROWER_TO_WIDER],
)
def test_a_wider_type_breaks_responses_and_a_narrower_one_requests(narrow: Any, wide: Any) -> None:
    small, large = contract({"x": narrow}, {"x": narrow}), contract({"x": wide}, {"x": wide})
    for old, new, expected in ((small, large, "response"), (large, small, "request")):
        found = compare(old, new)
        assert {one.where.split()[1] for one in found} == {"request", "response"}
        assert {one.where.split()[1] for one in found if one.breaking} == {expected}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (int, str),
        (UUID, int),
        (list[int], dict[str, int]),
        (Cat, Dog),
        (tuple[int, int], tuple[int]),
    ],
    ids=["types", "formats", "structures", "tags", "lengths"],
)
def test_a_changed_type_breaks_requests_and_responses(old: Any, new: Any) -> None:
    found = compare(contract({"x": old}, {"x": old}), contract({"x": new}, {"x": new}))
    assert {one.where.split()[1] for one in found if one.breaking} == {"request", "response"}
    assert all(one.breaking for one in found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"x": str}, {"say request x": "breaking"}),
        ({}, {"x": (str, "")}, {"say request x": "safe"}),
        ({"x": str}, {"x": (str, "")}, {"say request x": "safe"}),
        ({"x": (str, "")}, {"x": str}, {"say request x": "breaking"}),
        ({"x": str}, {}, {"say request x": "breaking"}),
        ({"x": str}, {"y": (str, "")}, {"say request x": "breaking", "say request y": "safe"}),
    ],
    ids=["required", "optional", "relaxed", "demanded", "removed", "renamed"],
)
def test_fields_of_a_request(old: Fields, new: Fields, expected: dict[str, str]) -> None:
    assert verdicts(contract(old, {}), contract(new, {})) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"x": str}, {"say response x": "safe"}),
        ({"x": str}, {}, {"say response x": "breaking"}),
        ({"x": (str, "")}, {"x": str}, {}),
    ],
    ids=["added", "removed", "always there anyway"],
)
def test_fields_of_a_response(old: Fields, new: Fields, expected: dict[str, str]) -> None:
    assert verdicts(contract({}, old), contract({}, new)) == expected


def test_removing_a_field_is_safe_if_the_model_ignores_unknown_fields() -> None:
    old, new = contract({"x": (str, "")}, {}, Lax), contract({}, {}, Lax)
    assert "breaking" not in verdicts(old, new).values()


@pytest.mark.parametrize(
    ("kind", "loose", "strict"),
    [
        (str, {"max_length": 9}, {"max_length": 5}),
        (str, {}, {"min_length": 1}),
        (str, {}, {"pattern": "a+"}),
        (int, {"ge": 0}, {"ge": 1}),
        (int, {}, {"lt": 5}),
        (int, {"multiple_of": 2}, {"multiple_of": 4}),
        (list[int], {"max_length": 3}, {"max_length": 2}),
    ],
)
def test_a_stricter_bound_breaks_requests_alone(
    kind: Any, loose: dict[str, Any], strict: dict[str, Any]
) -> None:
    small, large = Annotated[kind, Field(**strict)], Annotated[kind, Field(**loose)]
    old, new = contract({"x": large}, {"x": large}), contract({"x": small}, {"x": small})
    assert verdicts(old, new) == {"say request x": "breaking"}
    assert verdicts(new, old) == {"say request x": "safe"}


def test_recursive_types_are_compared_completely() -> None:
    old, new = contract({}, {"x": Tree}), contract({}, {"x": Leaf})
    found = compare(old, new)
    assert [(one.where, one.breaking) for one in found] == [("say response x.value", True)]
    assert verdicts(old, old) == {}


@pytest.mark.parametrize(
    ("old", "new", "breaking"),
    [
        ({}, {"closes": True}, True),
        ({"closes": True}, {}, True),
        ({}, {"to": "sender"}, True),
        ({"to": "sender"}, {}, False),
        ({}, {"retain": "none"}, True),
        ({"retain": "latest"}, {}, False),
        ({}, {"allow": admins}, True),
        ({"allow": admins}, {}, False),
    ],
)
def test_rules_of_a_state(old: dict[str, Any], new: dict[str, Any], breaking: bool) -> None:
    (change,) = compare(contract({}, {}, **old), contract({}, {}, **new))
    assert change.breaking is breaking


def test_streaming_breaks() -> None:
    async def one(session: Session) -> Tree: ...

    async def many(session: Session) -> AsyncIterator[Tree]:
        yield Tree()

    old, new = (told(Registry([state("say")(handler)])) for handler in (one, many))
    assert verdicts(old, new)["say streams"] == "breaking"


def test_adding_a_state_is_safe_and_removing_one_breaks() -> None:
    with_it, without = contract({}, {}), told(Registry())
    assert verdicts(without, with_it) == {"say": "safe"}
    assert verdicts(with_it, without) == {"say": "breaking"}


def with_event(fields: Fields, retain: Retain = "all") -> ContractJson:
    """The contract of a single event."""
    given: Fields = {name: (kind, ...) for name, kind in fields.items()}
    rolled = event("rolled", create_model("Rolled", __base__=Model, **given), retain=retain)
    return told(Registry([rolled]))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"x": int}, {"x": int}, {}),
        ({"x": int}, {"x": int, "y": int}, {"rolled data y": "safe"}),
        ({"x": int}, {}, {"rolled data x": "breaking"}),
        ({"x": int}, {"x": int | None}, {"rolled data x": "breaking"}),
        ({"x": int | None}, {"x": int}, {"rolled data x": "safe"}),
    ],
    ids=["same", "added", "removed", "widened", "narrowed"],
)
def test_an_event_is_compared_like_a_response(
    old: Fields, new: Fields, expected: dict[str, str]
) -> None:
    assert verdicts(with_event(old), with_event(new)) == expected


def test_adding_an_event_is_safe_and_removing_one_breaks() -> None:
    with_it, without = with_event({}), told(Registry())
    assert verdicts(without, with_it) == {"rolled": "safe"}
    assert verdicts(with_it, without) == {"rolled": "breaking"}


def test_keeping_less_of_an_event_breaks() -> None:
    more, less = with_event({}), with_event({}, "none")
    assert verdicts(more, less) == {"rolled retain": "breaking"}
    assert verdicts(less, more) == {"rolled retain": "safe"}


def test_the_shared_document_is_a_response() -> None:
    class More(Model):
        lines: list[str | None] = []
        title: str = ""

    old, new = told(Registry()), told(Registry(), More)
    assert verdicts(old, new) == {
        "initialised response snapshot.lines[]": "breaking",
        "initialised response snapshot.title": "safe",
    }


def test_a_changed_description_or_default_is_safe() -> None:
    old = contract({"x": (int, 1)}, {"x": (int, 1)})
    new = contract({"x": (int, Field(default=2, description="A number."))}, {"x": (int, 2)})
    assert compare(old, new) == []


def test_the_report_describes_both_sides_of_a_change() -> None:
    old = contract({"x": Annotated[str, Field(max_length=9)]}, {})
    new = contract({"x": Annotated[str, Field(max_length=5)], "y": (int, 0)}, {})
    assert report("v1", compare(old, new)) == [
        "✗ breaking  say request x: at most 5 characters (was: at most 9 characters)",
        "• safe      say request y: optional (was: no such field)",
        "Changes since v1: 1 breaking, 1 safe",
    ]
    assert report("v1", []) == ["The contract is the same as at v1"]


APP = Path(__file__).parents[2] / "application" / "backend" / "app"

STATE = """\
from duplex import Model, Session, state


class Said(Model):
    text: str


@state("say")
async def say(session: Session) -> Said: ...
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An application with one state."""
    backend = tmp_path / "backend"
    app = backend / "app"
    shutil.copytree(APP, app, ignore=shutil.ignore_patterns("states", "__pycache__"))
    shutil.copytree(
        BACKEND / "duplex", backend / "duplex", ignore=shutil.ignore_patterns("__pycache__")
    )
    (app / "states").mkdir()
    (app / "states" / "__init__.py").touch()
    (app / "states" / "say.py").write_text(STATE, encoding="utf-8")
    return tmp_path


def test_the_older_states_are_those_of_the_ref(repository: Path, tmp_path: Path) -> None:
    commit(repository, tag="v1")
    file = repository / "backend" / "app" / "states" / "say.py"
    file.write_text(STATE.replace("text: str", "text: str | None"), encoding="utf-8")
    unpack(archive("v1", repository), tmp_path / "old")
    old, new = (
        contract_of(tmp_path / "old" / "backend", "Old"),
        contract_of(repository / "backend", "New"),
    )
    assert verdicts(old, new) == {"say response text": "breaking"}
    with pytest.raises(TaskError, match=r"git has no backend/ at 'v2'"):
        archive("v2", repository)
    with pytest.raises(TaskError, match=r"git has no backend/ at '--output=x'"):
        archive("--output=x", repository)
    assert not (repository / "x").exists()


def test_states_that_cannot_be_imported_are_an_error_with_its_reason(repository: Path) -> None:
    (repository / "backend" / "app" / "states" / "say.py").write_text("import gone", "utf-8")
    with pytest.raises(TaskError, match=r"Old cannot be imported .*No module named 'gone'"):
        contract_of(repository / "backend", "Old")

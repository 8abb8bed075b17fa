"""States as teams write them: valid ones are accepted, others refused with a clear sentence."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import duplex
import pytest
from duplex import BadState, Model, Registry, admins, discover, state
from duplex.options import Rate

Session = duplex.Session[Any]


class Ask(Model):
    number: int


class Tell(Model):
    number: int


def test_a_state_knows_its_types_and_rules() -> None:
    @state("addUp", retain="latest", limit="5/s", deadline=2, allow=admins, to="sender")
    async def add_up(session: Session, data: Ask) -> Tell | None:
        """Add up."""
        return None

    assert add_up.name == "addUp"
    assert add_up.request is Ask
    assert add_up.response is Tell
    assert add_up.may_be_none
    assert (add_up.retain, add_up.to, add_up.deadline) == ("latest", "sender", 2)
    assert add_up.limit == Rate(5, 1.0)
    assert add_up.admin
    assert not add_up.streams
    assert not add_up.closes
    assert add_up.doc == "Add up."


def test_a_bad_limit_names_its_state() -> None:
    async def roll(session: Session) -> None:
        """Roll."""

    with pytest.raises(BadState, match=r"roll: limit='5 per s' is not a rate such as 50/s"):
        state("roll", limit="5 per s")(roll)


def test_a_reply_has_only_the_fields_of_the_declared_model() -> None:
    class Secretive(Tell):
        password: str = "secret"

    @state("tell")
    async def tell(session: Session) -> Tell:
        return Secretive(number=1)

    assert tell.encode(Secretive(number=1)) == b'{"number":1}'


def test_a_stream_is_an_async_generator() -> None:
    @state("count")
    async def count(session: Session) -> AsyncIterator[Tell]:
        yield Tell(number=1)

    assert count.streams
    assert count.request is None
    assert count.response is Tell


async def no_return(session: Session, data: Ask):  # type: ignore[no-untyped-def]
    return None


async def not_a_model(session: Session, data: int) -> Tell: ...


async def not_an_answer(session: Session, data: Ask) -> int: ...


async def too_much(session: Session, data: Ask, more: Ask) -> Tell: ...


def not_async(session: Session, data: Ask) -> Tell: ...


async def stream(session: Session) -> AsyncIterator[Tell]:
    yield Tell(number=1)


async def fine(session: Session) -> None: ...


@pytest.mark.parametrize(
    ("handler", "options"),
    [
        (no_return, {}),
        (not_a_model, {}),
        (not_an_answer, {}),
        (too_much, {}),
        (not_async, {}),
        (stream, {"closes": True}),
        (fine, {"closes": True, "to": "sender"}),
    ],
)
def test_an_invalid_handler_is_refused_with_its_location(
    handler: Callable[..., Any], options: dict[str, Any]
) -> None:
    with pytest.raises(BadState, match=handler.__name__):
        state("bad", **options)(handler)


@pytest.mark.parametrize(
    "name", ["", "Upper", "with space", "ping", "error", "left", "a" * 65, "ä"]
)
def test_a_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(BadState):
        state(name)(fine)


def test_two_states_with_the_same_name_are_refused() -> None:
    with pytest.raises(BadState, match="both named 'same'"):
        Registry([state("same")(fine), state("same")(stream)])


def test_discover_finds_every_state_of_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "found_states"
    package.mkdir()
    (package / "__init__.py").write_text("")
    source = (
        "from duplex import Session, state\n\n\n"
        "@state({!r})\nasync def f(session: Session) -> None: ...\n"
    )
    for name in ("two", "one"):
        (package / f"{name}.py").write_text(source.format(name))
    (package / "again.py").write_text("from found_states.one import f\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert list(discover("found_states")) == ["one", "two"]
    for module in [name for name in sys.modules if name.startswith("found_states")]:
        del sys.modules[module]

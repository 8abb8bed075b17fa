"""The AsyncAPI document describes the frames on the wire, is complete, and is deterministic.

The official parser (`@asyncapi/parser`) accepts it too, but has 55 MB of packages, too many for
every project. References, dialect and examples are tested here without it.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Annotated, Any, Literal, cast

import duplex
import httpx
import pytest
from duplex import Model, Registry, admins, state
from duplex.contract.asyncapi.document import Document, build, text_of
from duplex.contract.asyncapi.page import ASYNCAPI, PAGE, STYLE, STYLESHEET, render, router
from duplex.wire.protocol import CLIENT_STATES, SERVER_STATES
from fastapi import FastAPI
from pydantic import Field

from tests.engine.states import Gates, states
from tests.engine.support import Notes, make_engine, serving

Session = duplex.Session[Any]


class Item(Model):
    """A thing & its <parts>."""

    name: str = Field(min_length=2, max_length=20)
    parts: list["Item"] = []


class Order(Model):
    item: Item = Field(description="What is wanted.")
    size: Literal["s", "m"] = "m"
    amount: Annotated[int, Field(ge=1, le=9)] = 3
    place: tuple[float, float] | None = None
    words: set[str] = {"b", "a", "c"}
    code: str = Field(default="AB-1", pattern=r"^[A-Z]{2}-\d$")


class Impossible(Model):
    code: str = Field(pattern=r"^[A-Z]{2}-\d$")


class Done(Model):
    order: Order


@state("order", limit="5/m", deadline=2.5, retain="latest", allow=admins)
async def order(session: Session, data: Order) -> Done:
    """Take an order.

    It is <b>delivered</b> at once.
    """
    return Done(order=data)


@state("numbers", to="sender")
async def numbers(session: Session) -> AsyncIterator[Item]:
    yield Item(name="one")


@state("impossible", to="sender")
async def impossible(session: Session, data: Impossible) -> None: ...


@state("hello", closes=True)
async def hello(session: Session) -> None:
    """Has the name of a frame, which is allowed."""


REGISTRY = Registry([order, numbers, impossible, hello])


def document_of(registry: Registry = REGISTRY) -> Document:
    return build(
        registry, Notes, address="/api/v1/socket", title="<T>", version="1", description="d&d"
    )


@pytest.fixture(scope="module")
def document() -> Document:
    return document_of()


def every(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        yield found
        for part in found.values():
            yield from every(part)
    if isinstance(value, list):
        for part in cast("list[Any]", value):
            yield from every(part)


def test_every_reference_has_a_target(document: Document) -> None:
    references = [one["$ref"] for one in every(document) if isinstance(one.get("$ref"), str)]
    assert len(references) > 50
    for reference in set(references):
        target: Any = document
        for word in reference.removeprefix("#/").split("/"):
            target = target[word]


def test_every_state_has_a_request_with_its_reply(document: Document) -> None:
    for name in REGISTRY:
        operation = document["operations"][f"receive-{name}"]
        assert operation["action"] == "receive"
        assert f"{name}.request" in operation["messages"][0]["$ref"]
        assert f"{name}.response" in operation["reply"]["messages"][0]["$ref"]


def test_updates_are_described_unless_only_the_sender_receives_the_reply(
    document: Document,
) -> None:
    sent = {name for name in document["operations"] if name.startswith("send-")}
    assert sent == {"send-order", "send-hello"}


def test_every_reserved_name_is_described(document: Document) -> None:
    payloads = [message["payload"] for message in document["components"]["messages"].values()]
    described = {payload["properties"].get("state", {}).get("const") for payload in payloads}
    assert described >= CLIENT_STATES | SERVER_STATES


def test_the_rules_of_a_state_are_extensions(document: Document) -> None:
    operation = document["operations"]["receive-order"]
    assert {key: value for key, value in operation.items() if key.startswith("x-")} == {
        "x-closes": False,
        "x-to": "everybody",
        "x-streams": False,
        "x-retain": "latest",
        "x-deadline": 2.5,
        "x-admin": True,
        "x-restricted": True,
        "x-limit": "5/m",
    }
    assert document["operations"]["receive-numbers"]["x-streams"] is True
    assert document["operations"]["receive-hello"]["x-closes"] is True


def test_schemas_are_in_the_dialect_of_asyncapi(document: Document) -> None:
    for one in every(document):
        assert "prefixItems" not in one
        assert "$defs" not in one
        # Keywords next to a reference would be lost.
        assert not isinstance(one.get("$ref"), str) or len(one) == 1
    place = document["components"]["schemas"]["Order"]["properties"]["place"]["anyOf"][0]
    assert [part["type"] for part in place["items"]] == ["number", "number"]


def test_every_frame_has_a_name_of_its_own_for_generators(document: Document) -> None:
    messages = document["components"]["messages"].values()
    titles = [message["payload"]["title"].replace(" ", "").lower() for message in messages]
    types = [name.lower() for name in document["components"]["schemas"]]
    assert len({*titles, *types}) == len(titles) + len(types)


def test_data_is_optional_only_if_the_server_accepts_its_absence(document: Document) -> None:
    messages = document["components"]["messages"]
    assert "data" in messages["order.request"]["payload"]["required"]
    assert messages["numbers.request"]["payload"]["required"] == ["state"]


@pytest.mark.parametrize("registry", [REGISTRY, states(Gates())], ids=["shapes", "states"])
def test_examples_are_accepted_by_the_server(registry: Registry) -> None:
    messages = document_of(registry)["components"]["messages"]
    shown = 0
    for name, one in registry.items():
        for example in messages[f"{name}.request"].get("examples", []):
            one.read(json.dumps(example["payload"]))
            shown += 1
    assert shown >= len(registry) - 1


def test_a_model_without_a_valid_example_has_none(document: Document) -> None:
    assert "examples" not in document["components"]["messages"]["impossible.request"]


def test_defaults_are_shown_and_sets_in_a_fixed_order(document: Document) -> None:
    properties = document["components"]["schemas"]["Order"]["properties"]
    assert properties["amount"]["default"] == 3
    assert properties["words"]["default"] == ["a", "b", "c"]


def test_the_same_states_give_the_same_text() -> None:
    assert text_of(document_of()) == text_of(document_of())


async def test_frames_of_a_real_session_match_the_document() -> None:
    registry = states(Gates())
    messages = document_of(registry)["components"]["messages"]

    def check(frame: dict[str, Any], message: str) -> None:
        payload = messages[message]["payload"]
        assert payload["properties"]["state"]["const"] == frame["state"]
        assert set(payload["required"]) <= frame.keys() <= payload["properties"].keys()

    async with (
        serving(make_engine(registry)) as server,
        await server.client(session="s", name="Ada") as ada,
    ):
        schema = document_of(registry)["components"]["schemas"]["Initialised"]
        assert ada.initialised.keys() == schema["properties"].keys()
        bob = await server.client(session="s", name="Bob")
        check(await ada.until("joined"), "joined")
        check(await ada.reply("say", {"text": "x"}, id="1"), "say.response")
        check(await bob.until("say"), "say.response")
        check(await ada.reply("count", {"upto": 1}, id="2"), "count.response")
        check(await ada.reply("say", {"text": 1}, id="3"), "error")
        check(await ada.reply("authenticate", {"token": None}), "authenticated")
        await ada.ask("ping", id="4")
        check(await ada.until("pong"), "pong")
        await bob.ask("leave")
        check(await ada.until("left"), "left")


class _Page(HTMLParser):
    """Parses the page as a browser would, as far as these tests need it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.levels: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if re.fullmatch(r"h\d", tag):
            self.levels.append(int(tag[1]))


def test_the_page_needs_no_script_and_no_other_site(document: Document) -> None:
    page = _Page(render(document))
    assert not page.tags & {"script", "style", "img", "iframe", "b"}
    assert "style" not in page.attributes
    assert not [name for name in page.attributes if name.startswith("on")]
    assert all(link.startswith(("#", "/")) for link in page.links)


def test_the_page_has_an_icon(document: Document) -> None:
    assert '<link rel="icon" type="image/svg+xml" href="/favicon.svg">' in render(document)


def test_every_link_of_the_page_leads_to_one_heading(document: Document) -> None:
    page = _Page(render(document))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    steps = [after - before for before, after in pairwise(page.levels)]
    assert max(steps) == 1


def test_the_page_describes_every_field_and_state(document: Document) -> None:
    text = render(document)
    assert "required. What is wanted." in text
    assert "optional; at least 1; at most 9; default 3" in text
    assert "&lt;b&gt;delivered&lt;/b&gt;" in text
    assert "A thing &amp; its &lt;parts&gt;." in text
    assert ">5/m<" in text
    assert ">2.5 s<" in text
    assert "only admins" in text


async def test_document_page_and_style_are_served(document: Document) -> None:
    app = FastAPI()
    app.include_router(router(lambda: document))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        assert (await client.get(ASYNCAPI)).text == text_of(document)
        assert (await client.get(PAGE)).text == render(document)
        assert (await client.get(STYLESHEET)).text == STYLE
    assert app.openapi()["paths"] == {}

"""Data that clients make the server keep is limited: documents, and data left for a return."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace

import duplex
import pytest
from duplex import DocumentTooLarge, Refused, Registry, SessionNotOpen, state
from duplex.brokers import from_url
from duplex.rooms.abandoned import Abandoned, Place
from duplex.web.application import retention_of

from tests.engine.brokers.support import eventually
from tests.engine.states import Gates, Said, Text
from tests.engine.support import Notes, Server, Store, make_engine, serving, setup

Session = duplex.Session[Notes]
PAGE = "x" * 40_000
LIMIT = 100_000
KEPT = 400_000


def keeping() -> Registry:
    @state("note")
    async def note(session: Session, data: Text) -> Said:
        async with session.edit() as document:
            document.lines.append(data.text)
        return Said(text="")

    @state("say")
    async def say(session: Session, data: Text) -> Said:
        return Said(text=data.text)

    @state("whisper", to="sender")
    async def whisper(session: Session, data: Text) -> Said:
        return Said(text=data.text)

    @state("cleanUp", to="sender")
    async def clean_up(session: Session) -> None:
        try:
            raise Refused("No.")
        finally:
            async with session.edit() as document:
                document.lines.append(PAGE * 3)

    @state("look", to="sender")
    async def look(session: Session) -> Notes:
        return await session.read()

    return Registry([note, say, whisper, clean_up, look])


@pytest.fixture(params=["memory", "valkey"])
async def server(
    request: pytest.FixtureRequest, gates: Gates, store: Store
) -> AsyncGenerator[Server]:
    store.forget()
    settings = setup(max_document=LIMIT, abandoned_bytes=KEPT, max_per_user=15, replay_seconds=60.0)
    if request.param == "valkey":
        settings.broker_url = request.getfixturevalue("shared_valkey").url
    # A session counts for its opener once the grace of lost connections is over.
    retention = replace(retention_of(settings.options), grace=0.5)
    broker = from_url(settings.broker_url, retention)
    async with serving(make_engine(keeping(), settings, broker=broker, store=store)) as made:
        yield made


async def open_sessions(server: Server, names: list[str]) -> list[str]:
    """Those of these sessions that are kept."""
    found: list[str] = []
    for name in names:
        try:
            await server.engine.live.read(name)
        except SessionNotOpen:
            continue
        found.append(name)
    return found


# --- documents


async def test_a_document_has_a_limit(server: Server) -> None:
    async with await server.client(session="limit") as ada:
        assert "id" not in await ada.reply("note", {"text": PAGE})
        await ada.reply("note", {"text": PAGE})
        error = await ada.reply("note", {"text": PAGE}, id="n")
        assert (error["code"], error["id"]) == ("document_too_large", "n")
        assert error["details"]["limit"] == LIMIT
        assert (await ada.reply("cleanUp"))["code"] == "refused"
        assert len((await ada.reply("look"))["data"]["lines"]) == 2
        with pytest.raises(DocumentTooLarge):
            async with server.engine.live.edit("limit") as document:
                document.lines.append(PAGE)


async def test_a_document_that_is_too_large_already_may_become_smaller(
    server: Server, store: Store
) -> None:
    store.saved["big"] = json.dumps({"lines": [PAGE] * 5})
    async with await server.client(session="big") as ada:
        async with server.engine.live.edit("big") as document:
            document.lines.pop()
        assert (await ada.reply("note", {"text": "x"}))["code"] == "document_too_large"


# --- what is left behind


@pytest.mark.parametrize("how", ["leave", "lose"])
async def test_what_an_account_leaves_behind_in_sessions_is_bounded(
    server: Server, how: str
) -> None:
    bob = await server.client(token="bob", session=f"bob-{how}")
    await bob.reply("note", {"text": PAGE})
    bob.lose()
    names = [f"{how}-{number}" for number in range(30)]
    for start in range(0, 30, 15):
        clients = [await server.client(token="ada", session=one) for one in names[start:][:15]]
        for client in clients:
            await client.reply("note", {"text": PAGE})
            await client.reply("whisper", {"text": PAGE})
        for client in clients:
            if how == "leave":
                await client.leave()
            else:
                client.lose()
        await eventually(
            lambda: open_sessions(server, names), lambda kept: len(kept) * len(PAGE) < KEPT
        )
    kept = await open_sessions(server, names)
    assert kept
    assert set(kept) <= set(names[15:])
    async with await server.client(token="bob", **bob.resume()) as again:
        assert again.initialised["recovered"]


async def test_a_session_counts_for_its_opener_also_after_others_were_in_it(server: Server) -> None:
    names = [f"again-{number}" for number in range(20)]
    for name in names:
        for token in ("ada", "bob"):
            async with await server.client(token=token, session=name) as client:
                await client.reply("note", {"text": PAGE})
                await client.leave()
    await eventually(
        lambda: open_sessions(server, names), lambda kept: len(kept) * 2 * len(PAGE) < KEPT
    )


async def test_a_short_return_does_not_renew_what_an_account_may_keep(
    server: Server,
) -> None:
    names = [f"moment-{number}" for number in range(20)]
    for name in names:
        async with await server.client(token="ada", session=name) as ada:
            # Only the log grows: the document stays empty.
            for _ in range(2):
                await ada.reply("say", {"text": PAGE})
            await ada.leave()
        async with await server.client(token="ada", session=name) as ada:
            await ada.leave()
    await eventually(
        lambda: open_sessions(server, names), lambda kept: len(kept) * 2 * len(PAGE) < KEPT
    )


async def test_a_document_is_counted_once_however_often_its_owner_comes_back(
    server: Server,
) -> None:
    abandoned = server.engine.rooms.abandoned

    async def left_behind() -> int:
        return len(abandoned)

    counts: list[int] = []
    for _ in range(4):
        async with await server.client(token="ada", session="document") as ada:
            if not counts:
                await ada.reply("note", {"text": PAGE})
            await ada.leave()
        await eventually(left_behind, lambda left: left == 1)
        counted = abandoned.remove(Place("document"))
        assert counted is not None
        owner, size = counted
        now = asyncio.get_running_loop().time()
        assert abandoned.add(owner, Place("document"), size, now) == []
        counts.append(size)
    assert len(PAGE) < counts[0] <= counts[-1] < 2 * len(PAGE)


async def test_a_session_that_is_open_elsewhere_is_not_given_up(server: Server) -> None:
    async with await server.client(token="bob", session="shared") as bob:
        await bob.reply("note", {"text": "bob's"})
        await server.engine.broker.discard("shared")
        assert (await bob.reply("look"))["data"] == {"lines": ["bob's"]}


def test_the_oldest_places_of_an_owner_are_given_up() -> None:
    abandoned = Abandoned(12_000, 60.0)
    places = [Place("room", f"p{number}", "c") for number in range(4)]
    assert abandoned.add("ada", places[0], 0, 0.0) == []
    assert abandoned.add("ada", places[1], 1000, 1.0) == []
    assert abandoned.add("bob", places[2], 9000, 1.0) == []
    assert abandoned.add("ada", places[3], 1000, 2.0) == [places[0]]
    assert abandoned.remove(places[1]) == ("ada", 1000)
    assert abandoned.remove(places[1]) is None
    assert abandoned.add("ada", places[0], 2000, 3.0) == []
    # One that is expired is not given up, and one that is too big by itself is kept.
    assert abandoned.add("ada", places[1], 50_000, 100.0) == []
    assert len(abandoned) == 1


def test_the_addresses_of_an_ipv6_network_share_a_bound() -> None:
    abandoned = Abandoned(12_000, 60.0)
    places = [Place(f"room-{number}") for number in range(7)]
    around = [f"2001:db8:1:{number:x}::/64" for number in range(6)]
    given_up = [
        abandoned.add(address, place, 7000, 0.0)
        for address, place in zip(around, places[:6], strict=True)
    ]
    assert given_up == [[], [], [], [], [places[0]], [places[1]]]
    assert abandoned.add("2001:db8:2::/64", places[6], 7000, 0.0) == []
    assert abandoned.remove(places[5]) == (around[5], 7000)
    assert abandoned.add(around[0], places[0], 7000, 0.0) == []
    assert len(abandoned) == 5


def test_expired_places_of_all_owners_are_forgotten() -> None:
    abandoned = Abandoned(12_000, 60.0)
    for number in range(100):
        assert abandoned.add(f"address {number}", Place(f"room-{number}"), 1000, 0.0) == []
    abandoned.add("address 0", Place("room-0"), 2000, 30.0)
    # `remove` would report an expired place that is still counted.
    abandoned.add("ada", Place("another"), 1000, 60.0)
    assert abandoned.remove(Place("room-99")) is None
    assert abandoned.remove(Place("room-0")) == ("address 0", 2000)
    assert len(abandoned) == 1


def test_places_that_are_not_kept_at_all_are_forgotten() -> None:
    abandoned = Abandoned(12_000, 0.0)
    for number in range(3):
        assert abandoned.add("ada", Place(f"room-{number}"), 50_000, 0.0) == []
    assert len(abandoned) == 1


def test_without_a_limit_nothing_is_counted() -> None:
    abandoned = Abandoned(0, 60.0)
    assert abandoned.add("ada", Place("room"), 10**9, 0.0) == []
    assert len(abandoned) == 0

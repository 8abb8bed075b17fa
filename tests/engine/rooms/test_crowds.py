"""The presence of big rooms: pages, numbers, and bounds of one account or address."""

from collections.abc import AsyncGenerator

import pytest
from duplex.brokers import from_url
from duplex.brokers.base import BrokerUnavailable, Gathering, PresencePage
from duplex.web.application import retention_of
from duplex_dev.client import Frame
from duplex_dev.testing.servers import Valkey

from tests.engine.states import Gates, states
from tests.engine.support import Client, Server, make_engine, serving, setup

GATHERING = Gathering(page=4, burst=100, interval=0, crowd_interval=0)


@pytest.fixture(params=["memory", "valkey"])
async def square(
    request: pytest.FixtureRequest, gates: Gates, shared_valkey: Valkey
) -> AsyncGenerator[Server]:
    """A server where more than four participants are a crowd."""
    url = "memory://" if request.param == "memory" else shared_valkey.url
    given = setup(max_per_user=3)
    broker = from_url(url, retention_of(given.options), gathering=GATHERING)
    async with serving(make_engine(states(gates), given, broker=broker)) as running:
        yield running


async def gather(square: Server, session: str, count: int) -> list[Client]:
    """So many clients in one session."""
    return [await square.client(session=session) for _ in range(count)]


def ids(participants: list[dict[str, str]]) -> list[str]:
    """Their public ids."""
    return [one["participant"] for one in participants]


async def until_total(client: Client, total: int) -> Frame:
    """The announcement with this number of participants."""
    while True:
        data: Frame = (await client.until("presence"))["data"]
        if data["total"] == total:
            return data


async def test_a_newcomer_to_a_crowd_receives_a_page_and_the_number(square: Server) -> None:
    clients = await gather(square, "big", 7)
    assert [one.initialised["participants_total"] for one in clients] == list(range(1, 8))
    first = [one.participant for one in clients[:4]]
    assert ids(clients[3].initialised["participants"]) == first
    assert ids(clients[6].initialised["participants"]) == first
    for number in range(2, 5):
        assert (await clients[0].until("joined"))["data"]["participant"] == first[number - 1]
    for number in range(5, 8):
        assert (await clients[0].until("presence"))["data"] == {"total": number}


async def test_a_crowd_that_disperses_is_listed_again(square: Server) -> None:
    clients = await gather(square, "shrinking", 6)
    for client in clients[2:5]:
        await client.close()
    found = await until_total(clients[0], 3)
    assert ids(found["participants"]) == [clients[i].participant for i in (0, 1, 5)]
    await clients[5].close()
    left = await clients[0].until("left")
    assert left["data"]["participant"] == clients[5].participant


async def test_a_client_may_list_all_participants_page_by_page(square: Server) -> None:
    clients = await gather(square, "listed", 10)
    found: list[str] = []
    after: dict[str, str] = {}
    for number in range(3):
        await clients[9].ask("participants", after, id=str(number))
        page = await clients[9].until("participants")
        assert (page["id"], page["data"]["total"]) == (str(number), 10)
        found += ids(page["data"]["participants"])
        after = {"after": page["data"].get("next", "")}
    assert found == [one.participant for one in clients]
    assert after == {"after": ""}


@pytest.mark.parametrize("after", ["nonsense", 7, ["1"]])
async def test_a_page_after_an_unknown_cursor_is_refused(square: Server, after: object) -> None:
    async with await square.client(session="refused") as ada:
        await ada.ask("participants", {"after": after}, id="1")
        error = await ada.until("error")
        assert (error["code"], error["id"]) == ("bad_frame", "1")


async def test_a_page_from_an_unreachable_store_is_an_error(
    square: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(room: str, after: str | None) -> PresencePage:
        raise BrokerUnavailable("gone")

    monkeypatch.setattr(square.engine.broker, "page", unreachable)
    async with await square.client(session="unreachable") as ada:
        for number in "12":
            await ada.ask("participants", id=number)
            error = await ada.until("error")
            assert (error["code"], error["id"]) == ("broker_unavailable", number)


async def test_lost_connections_of_an_account_do_not_pile_up_in_a_session(square: Server) -> None:
    """Joining and aborting over and over leaves no more ghosts than an account may connect."""
    watching = await square.client(session="haunted", token="bob")
    for _ in range(8):
        ghost = await square.client(session="haunted", token="ada")
        ghost.lose()
    async with await square.client(session="haunted", token="ada") as ada:
        assert ada.initialised["participants_total"] <= 1 + 3
    await watching.close()


async def test_an_account_with_too_many_connections_in_a_session_is_refused(
    square: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def admit_user(user: str) -> bool:
        """Those of other workers are not counted here, but in the room they are."""
        return True

    monkeypatch.setattr(square.engine.sockets.limits, "admit_user", admit_user)
    allowed = [await square.client(session="full", token="ada") for _ in range(3)]
    async with await square.socket() as fourth:
        await fourth.send({"session": "full", "token": "ada"})
        error = await fourth.receive()
        assert (error["code"], error["error"]) == (
            "too_many",
            "You have too many connections in this session.",
        )
        assert await fourth.closed() == 4429
    for client in allowed:
        await client.close()

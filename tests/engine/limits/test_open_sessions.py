"""The open sessions of one account or address share a limit of bytes."""

from collections.abc import AsyncGenerator

import pytest
from duplex.brokers.base import Gathering, Presence, Retention
from duplex.brokers.memory import history
from duplex.brokers.memory.history import Handled, Trimmer
from duplex.brokers.memory.room import Record, Room
from duplex.options import Options
from duplex.socket.pending import PART, Kept, PendingBytes, RecentBytes

from tests.engine.brokers.support import eventually, message
from tests.engine.states import Gates, states
from tests.engine.support import Client, Server, make_engine, serving, setup

PAGE = "x" * 40_000
LIMIT = 100_000
KEPT = 1_500_000


@pytest.fixture(params=["memory", "valkey"])
async def tight(request: pytest.FixtureRequest, gates: Gates) -> AsyncGenerator[Server]:
    """Open sessions of one account keep little here."""
    settings = setup(kept_bytes=KEPT, replay_bytes=LIMIT, max_document=LIMIT)
    if request.param == "valkey":
        settings.broker_url = request.getfixturevalue("shared_valkey").url
    async with serving(make_engine(states(gates), settings)) as made:
        yield made


async def filled(client: Client) -> bool:
    """Whether the client may write on in its session."""
    for number, name in enumerate(["note", "whisper", "say", "note"]):
        frame = await client.reply(name, {"text": PAGE}, id=f"{number}")
        if frame["state"] == "error":
            assert frame["code"] == "too_many"
            return False
    return True


async def test_the_open_sessions_of_one_account_keep_only_so_much(tight: Server) -> None:
    ada = [await tight.client(token="ada", session=f"open-{number}") for number in range(20)]
    bob = await tight.client(token="bob", session="open-0")
    may_go_on = [await filled(client) for client in ada]
    assert True in may_go_on
    assert not may_go_on[-1]
    kept = sum(tight.member(client).kept.pending for client in ada)
    # The first request of a session is accepted: its page is in the document, the log and a reply.
    assert KEPT / 2 < kept < KEPT + len(ada) * 3.1 * len(PAGE)
    # Others are not affected, also in a session of hers, nor are her small sessions.
    assert "code" not in await bob.reply("note", {"text": "bob's"})
    small = await tight.client(token="ada")
    assert "code" not in await small.reply("note", {"text": "hers"})
    # She may always close a session, which makes room for others.
    assert (await ada[0].reply("save", {"title": "mine"}))["state"] == "save"
    for client in ada[1:-1]:
        await client.leave()

    async def last() -> bool:
        return "code" not in await ada[-1].reply("note", {"text": "on"})

    await eventually(last, bool)
    for client in (ada[-1], small):
        await client.leave()


def test_bytes_are_counted_as_long_as_they_are_kept() -> None:
    recent = RecentBytes(10.0)
    recent.add(5)
    assert recent.size(100.0) == 5
    recent.add(7)
    assert recent.size(109.0) == 12
    assert recent.size(110.0) == 7
    recent.at_least(9, 111.0)
    recent.at_least(3, 111.0)
    assert recent.size(112.0) == 9
    assert recent.size(120.0) == 2
    assert recent.size(130.0) == 0


def test_the_members_of_a_room_share_what_it_keeps() -> None:
    bound = PendingBytes(8 * PART)
    members: list[Kept] = []

    def part(now: float) -> int:
        return 6 * PART // len(members)

    first, second = [Kept(bound, part, Options(replay_bytes=PART)) for _ in range(2)]
    members.append(first)
    assert first.may_grow("ada", PART, 0.0)
    other = Kept(bound, lambda now: 3 * PART, Options())
    assert not other.may_grow("ada", PART, 0.0)
    assert not first.may_grow("ada", PART, 0.0)
    assert second.may_grow("bob", PART, 0.0)
    members.append(second)
    assert first.may_grow("ada", PART, 0.0)
    assert other.may_grow("ada", PART, 0.0)
    # For small requests it is counted a few times a second.
    members.pop()
    assert first.may_grow("ada", 100, 0.1)
    assert not first.may_grow("ada", 100, 1.0)
    first.add(3 * PART)
    # Of the replies only the newest are kept.
    assert 7 * PART < first.pending < 8 * PART
    first.over = True
    assert first.pending == 0


def test_a_room_forgets_what_is_too_old() -> None:
    room = Room(Retention(seconds=10.0), Gathering(), b"{}", lambda room, entry: None)
    ada = Presence("p", "Ada", None)
    one = Record(ada, None, "", "c", "t", Handled(Retention(seconds=10.0)))
    room.add(one)
    one.handled.claim("1", 0.0)
    reply = message("said")
    room.log.append(reply, 0.0)
    one.handled.settle("1", reply, 0.0)
    room.trim(9.0)
    assert (len(room.log), len(one.handled)) == (1, 1)
    room.trim(11.0)
    assert (len(room.log), len(one.handled)) == (0, 0)


class Trimmed:
    """Counts how often it is trimmed."""

    def __init__(self) -> None:
        self.times = 0

    def trim(self, now: float) -> None:
        self.times += 1


async def test_all_rooms_are_trimmed_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_TURN", 0.01)

    async def trimmed_twice(rooms: dict[str, Trimmed]) -> Trimmer:
        async def least() -> int:
            return min(room.times for room in rooms.values())

        trimmer = Trimmer(rooms)
        trimmer.start()
        await eventually(least, lambda times: times >= 2)
        return trimmer

    rooms, others = ({f"room-{number}": Trimmed() for number in range(100)} for _ in range(2))
    (await trimmed_twice(rooms)).stop()
    former = [room.times for room in rooms.values()]
    assert max(former) - min(former) <= 1
    # A trimmer that was stopped does nothing while another one works.
    (await trimmed_twice(others)).stop()
    assert [room.times for room in rooms.values()] == former

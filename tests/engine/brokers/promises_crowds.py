"""The promises of every broker about many participants: gathering, pages, and bounds per owner."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
from duplex.brokers.base import Gathering, Presence, Retention, TooManyPresent
from pydantic_core import from_json

from tests.engine.brokers.promises import (
    LONG,
    BrokerPromises,
    Open,
    Opened,
    Process,
    joined,
    resumed,
    say,
)

SLOW = Gathering(page=200, burst=2, interval=0.3)
CROWD = Gathering(page=4, burst=100, interval=0, crowd_interval=0)


async def come(process: Process, room: str, names: list[str], **more: object) -> None:
    """Several participants join, one after the other."""
    for name in names:
        await joined(process, room, name, **more)


async def announced(processes: Opened, room: str, count: int) -> list[Any]:
    """The data of the first announcements, which all processes got alike."""
    for process in processes:
        entries = process.record.entries[room]
        await process.record.until(lambda entries=entries: len(entries) >= count)
    first, second = (process.record.entries[room][:count] for process in processes)
    assert [one.for_others() for one in first] == [one.for_others() for one in second]
    assert [one.seq for one in first] == list(range(1, count + 1))
    return [(one.state, from_json(one.head + b"}")["data"]) for one in first]


def shown(*names: str) -> list[dict[str, str]]:
    """Participants in a frame."""
    return [{"participant": name, "name": name.title()} for name in names]


class CrowdPromises(BrokerPromises):
    """Gathering, pages, and bounds per owner."""

    # --- gathering

    async def test_changes_after_the_first_ones_are_combined(self, opened: Open, room: str) -> None:
        processes = await opened(LONG, SLOW)
        await come(processes[0], room, ["ada", "bob"])
        await come(processes[1], room, ["eve", "kim", "lee"])
        await processes[1].broker.leave(room, "ada", "ada-1")
        found = await announced(processes, room, 3)
        assert found[0] == ("joined", {"participant": "ada", "name": "Ada"})
        assert found[1] == ("joined", {"participant": "bob", "name": "Bob"})
        assert found[2] == (
            "presence",
            {"joined": shown("eve", "kim", "lee"), "left": shown("ada"), "total": 4},
        )
        for process in processes:
            record = process.record
            await record.until(lambda record=record: ("left",) in {w[:1] for w in record.events})
            assert [word[2] for word in record.events if word[0] == "left"] == ["ada"]

    async def test_a_single_change_is_announced_by_itself(self, opened: Open, room: str) -> None:
        processes = await opened(LONG, Gathering(burst=1, interval=0.2))
        await come(processes[0], room, ["ada"])
        await announced(processes, room, 1)
        await come(processes[1], room, ["bob"])
        found = await announced(processes, room, 2)
        assert found[1] == ("joined", {"participant": "bob", "name": "Bob"})

    async def test_a_join_is_complete_before_it_is_announced(self, opened: Open, room: str) -> None:
        """A newcomer is given those who came, and is told of those who went meanwhile."""
        first, second = await opened(LONG, SLOW)
        await come(first, room, ["ada", "bob", "eve"])
        newcomer = await joined(second, room, "kim")
        assert [one.participant for one in newcomer.present.participants] == [
            "ada",
            "bob",
            "eve",
            "kim",
        ]
        await first.broker.leave(room, "eve", "eve-1")
        found = await announced((first, second), room, 3)
        assert newcomer.seq == 2
        assert found[2][1] == {"joined": shown("kim"), "left": shown("eve"), "total": 3}

    async def test_messages_do_not_wait_for_announcements(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG, SLOW)
        await come(first, room, ["ada", "bob", "eve"])
        assert (await say(second, room, "now")).seq == 3
        found = await announced((first, second), room, 4)
        assert [state for state, _ in found] == ["joined", "joined", "say", "joined"]

    async def test_an_empty_room_is_announced_at_once(self, opened: Open, room: str) -> None:
        processes = await opened(LONG, Gathering(burst=1, interval=3600))
        await come(processes[0], room, ["ada", "bob"])
        for name in ("ada", "bob"):
            await processes[0].broker.drop(room, name, f"{name}-1", at_once=True)
        found = await announced(processes, room, 2)
        assert found[1] == ("presence", {"joined": [], "left": shown("ada", "bob"), "total": 0})

    # --- crowds

    async def test_a_crowd_receives_only_its_number(self, opened: Open, room: str) -> None:
        processes = await opened(LONG, CROWD)
        names = ["a", "b", "c", "d", "e", "f"]
        await come(processes[0], room, names)
        found = await announced(processes, room, 6)
        assert [state for state, _ in found] == ["joined"] * 4 + ["presence"] * 2
        assert [data for _, data in found[4:]] == [{"total": 5}, {"total": 6}]
        late = await joined(processes[1], room, "late")
        assert [one.participant for one in late.present.participants] == names[:4]
        assert late.present.total == 7

    async def test_a_crowd_that_disperses_receives_the_list_of_participants(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG, CROWD)
        names = ["a", "b", "c", "d", "e"]
        await come(processes[0], room, names)
        for name in ("a", "b"):
            await processes[1].broker.leave(room, name, f"{name}-1")
        await come(processes[1], room, ["f"])
        found = await announced(processes, room, 8)
        assert found[4:] == [
            ("presence", {"total": 5}),
            # Not before three quarters of the page: the form does not change back and forth.
            ("presence", {"total": 4}),
            ("presence", {"participants": shown("c", "d", "e"), "total": 3}),
            ("joined", {"participant": "f", "name": "F"}),
        ]
        for process in processes:
            gone = [word[2] for word in process.record.events if word[0] == "left"]
            assert gone == ["a", "b"]

    async def test_the_number_of_a_crowd_is_announced_once_a_second(
        self, opened: Open, room: str
    ) -> None:
        interval = 0.4
        rules = Gathering(page=2, burst=100, interval=0, crowd_interval=interval)
        processes = await opened(LONG, rules)
        entries = processes[0].record.entries[room]
        begun = time.monotonic()
        await come(processes[0], room, [f"p{i}" for i in range(30)])
        await processes[0].record.until(lambda: bool(entries) and b'"total":30' in entries[-1].head)
        took = time.monotonic() - begun
        found = await announced(processes, room, len(entries))
        totals = [data.get("total") for _, data in found]
        assert totals[:3] == [None, None, 3]
        # A busy machine needs more than one interval for so many.
        assert totals[3:] == sorted(set(totals[3:]))
        assert totals[-1] == 30
        assert len(totals[3:]) <= 1 + took / interval

    # --- pages

    async def test_participants_are_listed_page_by_page(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG, CROWD)
        names = [f"p{i}" for i in range(9)]
        await come(first, room, names)
        page = await second.broker.page(room, None)
        assert (list(page.participants), page.total) == (
            [Presence(name, name.title()) for name in names[:4]],
            9,
        )
        # The last participant of the page may leave meanwhile.
        await first.broker.leave(room, "p3", "p3-1")
        rest = await second.broker.page(room, page.next)
        assert [one.participant for one in rest.participants] == names[4:8]
        last = await second.broker.page(room, rest.next)
        assert ([one.participant for one in last.participants], last.next) == (["p8"], None)
        assert (await second.broker.page("no such room", None)).total == 0
        with pytest.raises(ValueError, match="nonsense"):
            await second.broker.page(room, "nonsense")

    # --- bounds per owner

    async def test_disconnected_participants_of_an_owner_are_removed_first(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await come(first, room, ["bob"])
        for name in ("a", "b", "c"):
            await joined(first, room, name, owner="u1", allowed=3)
        for name in ("b", "a"):
            await first.broker.drop(room, name, f"{name}-1")
            await asyncio.sleep(0.002)
        found = await joined(second, room, "d", owner="u1", allowed=3)
        names = ["bob", "a", "c", "d"]
        assert [one.participant for one in found.present.participants] == names
        assert await self._names(first, room) == names
        # Connected ones do not; nor do those of another owner count.
        await joined(second, room, "x", owner="u2", allowed=3)
        await joined(second, room, "e", owner="u1", allowed=3)
        with pytest.raises(TooManyPresent):
            await joined(second, room, "f", owner="u1", allowed=3)
        assert await self._names(first, room) == ["bob", "c", "d", "x", "e"]
        await first.broker.leave(room, "c", "c-1")
        await joined(second, room, "g", owner="u1", allowed=3)
        assert not (await resumed(first, room, "b")).resumed

    async def test_a_resumed_participant_is_counted_once(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG)
        for name in ("a", "b"):
            await joined(first, room, name, owner="u1", allowed=2)
        back = await joined(
            second,
            room,
            uuid4().hex,
            connection="a-2",
            resume_hash="a-token",
            owner="u1",
            allowed=2,
        )
        assert (back.participant, back.resumed) == ("a", True)
        # It is connected again, so it does not give way.
        await first.broker.drop(room, "b", "b-1", at_once=True)
        await joined(second, room, "c", owner="u1", allowed=2)
        assert await self._names(first, room) == ["a", "c"]

    async def test_participants_who_may_resume_are_counted(self, opened: Open, room: str) -> None:
        """Else closing and coming again would keep any number of records alive."""
        first, _ = await opened(Retention(seconds=60.0, grace=0.05))
        for name in ("a", "b", "c"):
            await joined(first, room, name, owner="u1", allowed=2)
            await first.broker.drop(room, name, f"{name}-1", at_once=True)
            await asyncio.sleep(0.002)
        assert not (await resumed(first, room, "a")).resumed
        assert (await resumed(first, room, "c")).resumed

    async def _names(self, process: Process, room: str) -> list[str]:
        return [one.participant for one in await process.broker.present(room)]

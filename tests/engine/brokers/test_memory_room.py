"""A room of the memory broker with many participants."""

import sys
from collections.abc import AsyncIterator
from types import FrameType
from typing import Any

import pytest
from duplex.brokers.memory.history import Handled
from duplex.brokers.memory.room import Record, Room
from duplex.brokers.values import Gathering, Retention
from duplex.wire.announcements import Presence

LIMIT = 200


def record(name: str) -> Record:
    handled = Handled(Retention())
    return Record(Presence(name, name), None, "", f"{name}-1", f"{name}-token", handled)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room(Retention(), Gathering(), b"{}", lambda room, entry: None)
    yield made
    made.close()


def come(room: Room, names: range) -> None:
    for number in names:
        one = record(f"p{number}")
        room.add(one)
        room.appear(one)


def steps_of_a_page(room: Room, after: int) -> int:
    """The steps that the interpreter takes for a page."""
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return count

    former = sys.gettrace()
    sys.settrace(count)
    try:
        page = room.page(after, LIMIT)
    finally:
        sys.settrace(former)
    assert len(page.participants) == LIMIT
    assert page.next is not None
    return steps


async def test_a_page_costs_the_same_however_many_participants_are_present(room: Room) -> None:
    come(room, range(300))
    few = steps_of_a_page(room, 0)
    come(room, range(300, 10_000))
    for after in (0, 5_000, 9_700):
        assert steps_of_a_page(room, after) == few


async def test_pages_are_complete_where_participants_left_and_returned(room: Room) -> None:
    come(room, range(1_000))
    for number in range(0, 1_000, 3):
        room.disappear(room.records[f"p{number}"])
    for number in (30, 3):
        room.appear(room.records[f"p{number}"])
    expected = [f"p{number}" for number in range(1_000) if number % 3] + ["p30", "p3"]
    found: list[str] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = room.page(int(cursor), LIMIT)
        assert page.total == len(expected)
        found += [one.participant for one in page.participants]
        cursor = page.next
    assert found == expected

"""The order in which outboxes are written."""

import asyncio
from itertools import pairwise

from duplex.socket.outbox import Flusher

READERS = [f"reader {number}" for number in range(1000)]


class Written:
    """An outbox that notes its turn."""

    def __init__(self, name: str, turns: list[str]) -> None:
        self.name = name
        self.turns = turns

    def flush(self) -> None:
        self.turns.append(self.name)


def crowd(turns: list[str]) -> Flusher:
    """A flusher with something to write to every reader."""
    flusher = Flusher(asyncio.get_running_loop())
    for name in READERS:
        flusher.add_to_crowd(Written(name, turns))
    return flusher


async def ticks(turns: list[str], count: int = 100) -> list[int]:
    """The number of readers that had been written to after each of `count` loop ticks."""
    seen: list[int] = []
    for _ in range(count):
        await asyncio.sleep(0)
        seen.append(len(turns))
    return seen


async def test_a_crowd_is_written_in_order_and_each_connection_once() -> None:
    turns: list[str] = []
    crowd(turns)
    await ticks(turns)
    assert turns == READERS


async def test_a_reply_does_not_wait_behind_the_rest_of_a_crowd() -> None:
    turns: list[str] = []
    flusher = crowd(turns)
    await ticks(turns, 4)
    before = len(turns)
    assert 0 < before < len(READERS) / 2
    flusher.add(Written("bystander", turns))
    await ticks(turns)
    assert turns.index("bystander") - before <= 64
    assert [name for name in turns if name != "bystander"] == READERS


async def test_requests_are_handled_between_two_parts_of_a_crowd() -> None:
    turns: list[str] = []
    crowd(turns)
    seen = await ticks(turns)
    parts = [after - before for before, after in pairwise([0, *seen])]
    assert max(parts) <= 64
    busy = [tick for tick, part in enumerate(parts) if part]
    assert min(after - before for before, after in pairwise(busy)) == 3


async def test_replies_to_many_requests_of_one_tick_are_not_delayed() -> None:
    turns: list[str] = []
    flusher = Flusher(asyncio.get_running_loop())
    for name in READERS:
        flusher.add(Written(name, turns))
    assert await ticks(turns, 1) == [len(READERS)]


async def test_a_reply_is_written_while_a_crowd_waits_and_the_crowd_continues() -> None:
    """Also when there are new answers in every tick."""
    turns: list[str] = []
    flusher = crowd(turns)
    answers = 0
    while len(turns) - answers < len(READERS):
        flusher.add(Written("answer", turns))
        answers += 1
        await asyncio.sleep(0)
        assert turns.count("answer") == answers
        assert answers <= 3 * len(READERS) / 64 + 3

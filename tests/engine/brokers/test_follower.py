"""Messages that are published while a room is read again: none is lost, none delivered twice."""

import asyncio

import pytest
from duplex.brokers.redis.follower import Followed, Follower
from duplex.brokers.redis.holdings import Holdings
from duplex.brokers.redis.link import Answer

from tests.engine.brokers.support import PATIENCE, Recorder, message

EPOCH = b"e1"


class Store:
    """Its answers to a follower that reads a room come when the test gives them."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()

    async def tail(self, followed: Followed) -> Answer:
        self.asked.set()
        answer = await self.answers.get()
        self.asked.clear()
        return answer

    async def until_asked(self) -> None:
        """Wait until the follower reads the room."""
        async with asyncio.timeout(PATIENCE):
            await self.asked.wait()

    def gives(self, *numbers: int) -> None:
        """Answer with these entries as all that was missed."""
        rows = [[b"%d-0" % n, [b"d", message(str(n)).dump(), b"t", b"0"]] for n in numbers]
        self.answers.put_nowait([1, EPOCH, numbers[-1], rows])


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def record() -> Recorder:
    return Recorder()


@pytest.fixture
def follower(store: Store, record: Recorder) -> Follower:
    """It follows a room and knows its first entry."""
    made = Follower(Holdings(), store.tail, lambda room, ms: None, lambda ticket, key: None)
    made.events = record
    made.rooms["room"] = Followed("room")
    made.caught_up(made.rooms["room"], [1, EPOCH, 1, None])
    return made


def publish(follower: Follower, *numbers: int, epoch: bytes = EPOCH, ends: bool = False) -> None:
    """One message of the room's channel with these entries."""
    dumps = [message(str(n)).dump() for n in numbers]
    sizes = ",".join(str(len(dump)) for dump in dumps)
    head = f"E {epoch.decode()} {numbers[0]} 0 {int(ends)} {sizes}\n"
    follower.on_room_message("room", head.encode() + b"".join(dumps))


async def test_entries_that_arrive_while_a_gap_is_read_are_delivered(
    follower: Follower, store: Store, record: Recorder
) -> None:
    publish(follower, 3)
    await store.until_asked()
    # In neither the answer nor what opened the gap: the room's last word.
    publish(follower, 4)
    publish(follower, 5, 6)
    store.gives(2, 3)
    await record.until(lambda: record.seqs("room") == [2, 3, 4, 5, 6])


async def test_entries_that_the_reply_contains_are_delivered_once(
    follower: Follower, store: Store, record: Recorder
) -> None:
    publish(follower, 3)
    await store.until_asked()
    publish(follower, 4, 5)
    store.gives(2, 3, 4)
    await record.until(lambda: len(record.seqs("room")) >= 4)
    assert record.seqs("room") == [2, 3, 4, 5]


async def test_entries_after_a_second_gap_are_delivered(
    follower: Follower, store: Store, record: Recorder
) -> None:
    publish(follower, 3)
    await store.until_asked()
    publish(follower, 5)
    publish(follower, 6)
    store.gives(2, 3)
    await record.until(lambda: record.seqs("room") == [2, 3])
    await store.until_asked()
    store.gives(4, 5)
    await record.until(lambda: record.seqs("room") == [2, 3, 4, 5, 6])


async def test_entries_that_arrive_during_the_first_read_are_delivered(
    follower: Follower, record: Recorder
) -> None:
    followed = follower.rooms["room"] = Followed("room")
    publish(follower, 2)
    follower.caught_up(followed, [1, EPOCH, 1, None])
    assert record.seqs("room") == [2]


async def test_a_commit_that_waits_for_its_entries_continues_after_the_gap(
    follower: Follower, store: Store, record: Recorder
) -> None:
    publish(follower, 3)
    await store.until_asked()
    own = message("4")
    own.seq = 4
    waiting = follower.committed("room", EPOCH, [own], ends=False)
    assert waiting is not None
    publish(follower, 4)
    store.gives(2, 3)
    async with asyncio.timeout(PATIENCE):
        await waiting
    assert record.seqs("room") == [2, 3, 4]


async def test_a_commit_that_waits_for_its_entries_continues_when_another_room_took_its_place(
    follower: Follower, store: Store, record: Recorder
) -> None:
    own = message("3")
    own.seq = 3
    waiting = follower.committed("room", EPOCH, [own], ends=False)
    assert waiting is not None
    publish(follower, 1, epoch=b"e2")
    assert waiting.done()
    assert record.events == [("lost", "room")]


async def test_a_room_that_another_one_replaced_and_that_has_ended_is_not_followed(
    follower: Follower, record: Recorder
) -> None:
    publish(follower, 1, epoch=b"e2", ends=True)
    publish(follower, 1, epoch=b"e3")
    assert record.events == [("lost", "room")]
    assert record.seqs("room") == [1]

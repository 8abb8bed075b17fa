"""Promises of every broker about a room: one order, one document, one end."""

import asyncio
from uuid import uuid4

import pytest
from duplex.brokers.base import Claim, Commit, LockLost, Presence, RoomGone

from tests.engine.brokers.promises import (
    LONG,
    SHORT,
    BrokerPromises,
    Open,
    both_saw,
    joined,
    resumed,
    say,
)
from tests.engine.brokers.support import PATIENCE, eventually, join_request, message


class RoomPromises(BrokerPromises):
    """One order, one document, one end; and what is told to all processes."""

    # --- order

    async def test_everybody_gets_every_entry_once_in_one_order(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        for process, name in zip(processes, ("ada", "bob"), strict=True):
            await joined(process, room, name)
        talk = [say(processes[i % 2], room, str(i)) for i in range(60)]
        said = await asyncio.gather(*talk)
        await both_saw(processes, room, 62)
        for process in processes:
            assert process.record.seqs(room) == list(range(1, 63))
        assert processes[0].record.heads(room) == processes[1].record.heads(room)
        assert sorted(entry.seq for entry in said) == list(range(3, 63))

    async def test_a_commit_returns_when_its_own_process_has_its_entries(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        await joined(second, room, "bob")
        for i in range(10):
            await say(second, room, str(i))
            entry = await say(first, room, str(i))
            assert first.record.seqs(room)[-1] >= entry.seq

    async def test_entries_arrive_as_they_were_committed(self, opened: Open, room: str) -> None:
        processes = await opened(LONG)
        await joined(processes[0], room, "ada")
        told = [
            message('quotes " \\ and ünïcödé\n', request_id="a", more=True),
            message("plain", retain="latest", state="look"),
            message("", sender="", retain="none"),
        ]
        await processes[0].broker.commit(Commit(room, told))
        await both_saw(processes, room, 4)
        for process in processes:
            got = process.record.entries[room][1:]
            assert [one.for_others() for one in got] == [one.for_others() for one in told]
            assert [one.for_sender() for one in got] == [one.for_sender() for one in told]
            assert [(one.retain, one.more, one.state) for one in got] == [
                (one.retain, one.more, one.state) for one in told
            ]

    async def test_entries_of_an_unwatched_room_are_not_delivered(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        other = uuid4().hex
        await second.broker.watch(other)
        await joined(first, room, "ada")
        await joined(first, other, "ada")
        await both_saw((first, second), room, 1)
        await second.broker.unwatch(room)
        await say(first, room, "unheard")
        await say(first, other, "heard")
        await second.record.until(lambda: bool(second.record.heads(other)))
        assert second.record.heads(room) == []

    # --- rooms and documents

    async def test_a_room_opens_with_the_seed_of_the_first_to_join(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        assert await first.broker.join(join_request(room, "ada", seed=None)) is None
        assert await first.broker.present(room) == []
        with pytest.raises(RoomGone):
            await first.broker.read(room)
        ada = await joined(first, room, "ada", seed=b'{"n":1}')
        bob = await joined(second, room, "bob", seed=b'{"n":2}')
        assert (ada.document, ada.seq, ada.resumed, ada.replay) == (b'{"n":1}', 1, False, None)
        assert (bob.document, bob.seq, bob.epoch) == (b'{"n":1}', 2, ada.epoch)
        assert bob.present.participants == [Presence("ada", "Ada"), Presence("bob", "Bob")]
        assert await first.broker.present(room) == bob.present.participants

    async def test_a_document_changes_with_its_commit_or_not_at_all(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        first, second = processes
        await joined(first, room, "ada")
        stale = await first.broker.lock(room, 10)
        await first.broker.unlock(stale)
        lock = await second.broker.lock(room, 10)
        assert lock.token > stale.token
        assert await second.broker.commit(Commit(room, [message("1")], lock, b'{"n":1}')) == 1
        assert await second.broker.commit(Commit(room, [message("2")], lock, b'{"n":2}')) == 2
        assert await first.broker.claim(room, "ada", "late", 1) == Claim("new")
        reply = message("never", request_id="late")
        with pytest.raises(LockLost):
            await first.broker.commit(
                Commit(room, [reply], stale, b'{"n":"never"}', ("ada", "late"), reply)
            )
        await second.broker.unlock(lock)
        assert await first.broker.read(room) == b'{"n":2}'
        after = await first.broker.lock(room, 10)
        assert (after.document, after.version) == (b'{"n":2}', 2)
        await first.broker.release(room, "ada", "late")
        assert await first.broker.claim(room, "ada", "late", 1) == Claim("new")
        assert (await say(first, room, "3")).seq == 4
        await both_saw(processes, room, 4)
        for process in processes:
            assert process.record.heads(room) == [message(text).head for text in "123"]

    async def test_a_released_lock_commits_nothing(self, opened: Open, room: str) -> None:
        first, _ = await opened(LONG)
        await joined(first, room, "ada")
        lock = await first.broker.lock(room, 10)
        await first.broker.unlock(lock)
        with pytest.raises(LockLost):
            await first.broker.commit(Commit(room, [message("late")], lock, b'{"n":1}'))
        assert await first.broker.read(room) == b"{}"
        assert (await say(first, room, "next")).seq == 2

    async def test_a_commit_into_a_room_that_is_not_live_is_refused(
        self, opened: Open, room: str
    ) -> None:
        first, _ = await opened(LONG)
        with pytest.raises(RoomGone):
            await say(first, room, "nobody")
        with pytest.raises(RoomGone):
            await first.broker.lock(room, 1)
        with pytest.raises(RoomGone):
            await first.broker.claim(room, "ada", "1", 1)

    async def test_a_room_ends_for_all_and_opens_again_as_another(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        first, second = processes
        ada = await joined(first, room, "ada")
        await joined(second, room, "bob")
        lock = await first.broker.lock(room, 10)
        waiting = asyncio.create_task(second.broker.lock(room, 10))
        await second.broker.present(room)
        bye = message("bye", closes=True)
        await first.broker.commit(Commit(room, [bye], lock, b'{"n":9}', ends=True))
        await both_saw(processes, room, 3)
        for process in processes:
            assert process.record.entries[room][-1].closes
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(RoomGone):
                await waiting
        with pytest.raises(RoomGone):
            await second.broker.read(room)
        await first.broker.unlock(lock)
        await first.broker.leave(room, "ada", "ada-1")
        assert await first.broker.join(join_request(room, "eve", seed=None)) is None
        eve = await resumed(second, room, "ada", ada.epoch, 3)
        assert (eve.resumed, eve.seq, eve.replay, eve.document) == (False, 1, None, b"{}")
        assert eve.epoch != ada.epoch
        await say(first, room, "again", "eve")
        await both_saw(processes, room, 5)
        for process in processes:
            assert process.record.seqs(room) == [1, 2, 3, 1, 2]
            assert process.record.events.count(("lost", room)) == 0

    async def test_commits_of_an_ended_room_do_not_reach_the_next_one(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        ada = await joined(first, room, "ada")
        await first.broker.commit(Commit(room, [message("on")], epoch=ada.epoch))
        await first.broker.commit(Commit(room, [message("bye", closes=True)], ends=True))
        bob = await joined(second, room, "bob")
        with pytest.raises(RoomGone):
            await first.broker.commit(Commit(room, [message("late")], epoch=ada.epoch))
        lock = await first.broker.lock(room, 10)
        with pytest.raises(RoomGone):
            await first.broker.commit(Commit(room, [], lock, b'{"n":9}', epoch=ada.epoch))
        await first.broker.unlock(lock)
        assert await second.broker.read(room) == b"{}"
        own = message("mine", "bob")
        await second.broker.commit(Commit(room, [own], epoch=bob.epoch))
        assert own.seq == 2

    async def test_an_empty_room_is_forgotten(self, opened: Open, room: str) -> None:
        first, second = await opened(SHORT)
        ada = await joined(first, room, "ada")
        await first.broker.leave(room, "ada", "ada-1")
        bob = await joined(second, room, "bob", seed=None)
        assert bob.epoch == ada.epoch
        await second.broker.leave(room, "bob", "bob-1")

        async def live() -> bool:
            try:
                await first.broker.read(room)
            except RoomGone:
                return False
            return True

        assert await live()
        await eventually(live, lambda found: not found)
        assert await first.broker.join(join_request(room, "eve", seed=None)) is None

    # --- the rest

    async def test_control_messages_reach_every_process(self, opened: Open) -> None:
        processes = await opened(LONG)
        word = {"kind": "revoke", "user": uuid4().hex}
        await processes[0].broker.broadcast(word)
        for process in processes:
            record = process.record
            await record.until(lambda record=record: word in record.messages)
            assert record.messages.count(word) == 1

    async def test_check_confirms_a_working_store(self, opened: Open) -> None:
        for process in await opened(LONG):
            assert await process.broker.check()

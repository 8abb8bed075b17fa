"""What every broker promises, told by two processes that share it.

`test_brokers.py` runs this class for each broker. With `memory://` both processes are the same one;
a promise that only makes sense between processes is tested in `test_faults.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import pytest

from app.session.broker import (
    Broker,
    Claim,
    Commit,
    Entry,
    Joined,
    Keep,
    LockLost,
    Person,
    RoomGone,
)
from tests.session.brokers.support import PATIENCE, Recorder, eventually, message, wish

LONG = Keep(seconds=60.0, grace=30.0)
SHORT = Keep(seconds=1.0, grace=0.2)


@dataclass
class Process:
    """One process: its broker, and what it was told."""

    broker: Broker
    record: Recorder


Opened = tuple[Process, Process]
Open = Callable[[Keep], Awaitable[Opened]]


async def both_saw(processes: Opened, room: str, count: int) -> None:
    """Wait until both processes were given so many entries of a room."""
    for process in processes:
        seen = process.record.entries[room]
        await process.record.until(lambda seen=seen: len(seen) >= count)


async def joined(process: Process, room: str, participant: str, **more: object) -> Joined:
    """Join, and be sure that it worked."""
    found = await process.broker.join(wish(room, participant, **more))
    assert found is not None
    return found


async def resumed(
    process: Process, room: str, participant: str, epoch: str = "", seq: int = 0
) -> Joined:
    """Join with a participant's resume token, over a new connection."""
    return await joined(
        process,
        room,
        f"new-{uuid4().hex}",
        connection=uuid4().hex,
        resume_hash=f"{participant}-token",
        resume_epoch=epoch,
        resume_seq=seq,
    )


async def say(process: Process, room: str, text: str, sender: str = "ada") -> Entry:
    """Commit one message."""
    entry = message(text, sender)
    await process.broker.commit(Commit(room, [entry]))
    return entry


async def answer(process: Process, room: str, request_id: str, text: str) -> Entry:
    """Commit ada's reply to a request."""
    reply = message(text, request_id=request_id)
    await process.broker.commit(Commit(room, [reply], claim=("ada", request_id), reply=reply))
    return reply


class BrokerPromises:
    """Subclasses say in `opening` which broker it is."""

    def opening(self, keep: Keep) -> AbstractAsyncContextManager[Opened]:
        """Two processes that share a store."""
        raise NotImplementedError

    @pytest.fixture
    def room(self) -> str:
        """A room nobody else has."""
        return uuid4().hex

    @pytest.fixture
    async def opened(self, room: str) -> AsyncIterator[Open]:
        """Open two processes with the given limits that watch the room, closed after the test."""
        async with AsyncExitStack() as stack:

            async def opening(keep: Keep) -> Opened:
                processes = await stack.enter_async_context(self.opening(keep))
                for process in processes:
                    await process.broker.watch(room)
                return processes

            yield opening

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

    async def test_a_room_that_is_not_watched_is_not_told_of(self, opened: Open, room: str) -> None:
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
        assert await first.broker.join(wish(room, "ada", seed=None)) is None
        assert await first.broker.people(room) == []
        with pytest.raises(RoomGone):
            await first.broker.read(room)
        ada = await joined(first, room, "ada", seed=b'{"n":1}')
        bob = await joined(second, room, "bob", seed=b'{"n":2}')
        assert (ada.document, ada.seq, ada.resumed, ada.replay) == (b'{"n":1}', 1, False, None)
        assert (bob.document, bob.seq, bob.epoch) == (b'{"n":1}', 2, ada.epoch)
        assert bob.people == [Person("ada", "Ada"), Person("bob", "Bob")]
        assert await first.broker.people(room) == bob.people

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

    async def test_a_lock_that_was_given_back_commits_nothing(
        self, opened: Open, room: str
    ) -> None:
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
        await second.broker.people(room)
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
        assert await first.broker.join(wish(room, "eve", seed=None)) is None
        eve = await resumed(second, room, "ada", ada.epoch, 3)
        assert (eve.resumed, eve.seq, eve.replay, eve.document) == (False, 1, None, b"{}")
        assert eve.epoch != ada.epoch
        await say(first, room, "again", "eve")
        await both_saw(processes, room, 5)
        for process in processes:
            assert process.record.seqs(room) == [1, 2, 3, 1, 2]
            assert process.record.told.count(("lost", room)) == 0

    async def test_a_room_nobody_is_in_is_forgotten(self, opened: Open, room: str) -> None:
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
        assert await first.broker.join(wish(room, "eve", seed=None)) is None

    # --- presence

    async def test_who_leaves_is_gone_at_once_and_cannot_resume(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        first, second = processes
        ada = await joined(first, room, "ada")
        await joined(second, room, "bob")
        await first.broker.leave(room, "ada", "another connection")
        assert len(await second.broker.people(room)) == 2
        await first.broker.leave(room, "ada", "ada-1")
        await both_saw(processes, room, 3)
        for process in processes:
            assert process.record.states(room) == ["joined", "joined", "left"]
            assert process.record.entries[room][2].for_others() == (
                b'{"state":"left","data":{"participant":"ada","name":"Ada"},"seq":3}'
            )
            assert ("left", room, "ada", "after 2") in process.record.told
        assert await first.broker.people(room) == [Person("bob", "Bob")]
        back = await resumed(first, room, "ada", ada.epoch, 3)
        assert (back.resumed, back.replay) == (False, None)

    async def test_who_comes_back_within_the_grace_was_never_away(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        ada = await joined(first, room, "ada")
        await joined(second, room, "bob")
        await first.broker.drop(room, "ada", "ada-1")
        for i in range(3):
            await say(second, room, str(i), "bob")
        back = await resumed(second, room, "ada", ada.epoch, ada.seq)
        assert (back.participant, back.name, back.resumed) == ("ada", "Ada", True)
        assert back.replay is not None
        assert [one.seq for one in back.replay] == [2, 3, 4, 5]
        assert back.replay[1].for_others() == second.record.entries[room][2].for_others()
        assert back.people == [Person("ada", "Ada"), Person("bob", "Bob")]
        assert second.record.states(room).count("joined") == 2
        await first.broker.drop(room, "ada", "ada-1", at_once=True)
        await first.broker.leave(room, "ada", "ada-1")
        assert await first.broker.people(room) == back.people

    async def test_the_former_connection_is_told_that_it_was_replaced(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        await joined(processes[0], room, "ada")
        await resumed(processes[1], room, "ada")
        told = ("taken_over", room, "ada", "ada-1")
        for process in processes:
            record = process.record
            await record.until(lambda record=record: told in record.told)

    async def test_the_grace_ends_with_one_left(self, opened: Open, room: str) -> None:
        processes = await opened(Keep(seconds=30.0, grace=0.2))
        first, second = processes
        await joined(first, room, "ada")
        await joined(second, room, "bob")
        await first.broker.drop(room, "ada", "ada-1")
        assert len(await second.broker.people(room)) == 2
        await both_saw(processes, room, 3)
        await say(second, room, "after")
        await both_saw(processes, room, 4)
        for process in processes:
            assert process.record.states(room) == ["joined", "joined", "left", "say"]
            lefts = [one for one in process.record.told if one[0] == "left"]
            assert lefts == [("left", room, "ada", "after 2")]

    async def test_the_grace_of_who_came_back_is_over(self, opened: Open, room: str) -> None:
        processes = await opened(Keep(seconds=30.0, grace=0.5))
        first, second = processes
        for name in ("ada", "bob", "eve"):
            await joined(first, room, name)
        await first.broker.drop(room, "ada", "ada-1")
        assert (await resumed(second, room, "ada")).resumed
        # His grace ends after ada's would have ended.
        await first.broker.drop(room, "bob", "bob-1")
        await both_saw(processes, room, 4)
        assert first.record.states(room) == ["joined"] * 3 + ["left"]
        assert await first.broker.people(room) == [Person("ada", "Ada"), Person("eve", "Eve")]

    async def test_who_steps_out_is_gone_at_once_but_may_resume(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        first, second = processes
        ada = await joined(first, room, "ada")
        await joined(second, room, "bob")
        await first.broker.drop(room, "ada", "ada-1", at_once=True)
        assert await second.broker.people(room) == [Person("bob", "Bob")]
        back = await resumed(second, room, "ada", ada.epoch, 2)
        assert back.replay is not None
        assert (back.participant, back.resumed) == ("ada", True)
        assert back.people == [Person("bob", "Bob"), Person("ada", "Ada")]
        await both_saw(processes, room, 4)
        assert first.record.states(room) == ["joined", "joined", "left", "joined"]

    async def test_a_resume_token_is_one_users_own(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada", user="1")
        for name, user in (("eve", "2"), ("mal", None), ("nul", "")):
            other = await joined(second, room, name, user=user, resume_hash="ada-token")
            assert (other.participant, other.resumed) == (name, False)
        own = await joined(
            second, room, "unused", user="1", connection="ada-2", resume_hash="ada-token"
        )
        assert (own.participant, own.resumed) == ("ada", True)

    async def test_a_resume_token_expires(self, opened: Open, room: str) -> None:
        first, second = await opened(SHORT)
        await joined(second, room, "bob")
        await joined(first, room, "ada")
        await first.broker.drop(room, "ada", "ada-1", at_once=True)
        loop = asyncio.get_running_loop()
        dropped = loop.time()

        async def expired() -> bool:
            return loop.time() - dropped > SHORT.seconds + 0.05

        await eventually(expired, bool)
        assert not (await resumed(second, room, "ada")).resumed

    # --- replay

    async def _replayed(
        self, process: Process, room: str, epoch: str, seq: int
    ) -> list[int] | None:
        found = await resumed(process, room, "ada", epoch, seq)
        assert found.participant == "ada"
        return None if found.replay is None else [one.seq for one in found.replay]

    async def test_replay_is_whole_or_refused(self, opened: Open, room: str) -> None:
        first, second = await opened(Keep(count=5, seconds=60.0, grace=30.0))
        ada = await joined(first, room, "ada")
        for i in range(9):
            await say(first, room, str(i))
        assert await self._replayed(second, room, ada.epoch, 5) == [6, 7, 8, 9, 10]
        assert await self._replayed(second, room, ada.epoch, 10) == []
        assert await self._replayed(second, room, ada.epoch, 4) is None
        assert await self._replayed(second, room, ada.epoch, 11) is None
        assert await self._replayed(second, room, "another epoch", 10) is None

    async def test_nothing_need_be_kept(self, opened: Open, room: str) -> None:
        first, second = await opened(Keep(count=0, seconds=60.0, grace=30.0))
        ada = await joined(first, room, "ada")
        await say(first, room, "unkept")
        await both_saw((first, second), room, 2)
        assert await self._replayed(second, room, ada.epoch, 1) is None
        assert await self._replayed(second, room, ada.epoch, 2) == []

    async def test_the_log_is_bounded_in_bytes(self, opened: Open, room: str) -> None:
        size = message("x" * 1000).size()
        first, second = await opened(Keep(size=3 * size + 10, seconds=60.0, grace=30.0))
        ada = await joined(first, room, "ada")
        for _ in range(6):
            await say(first, room, "x" * 1000)
        assert await self._replayed(second, room, ada.epoch, 4) == [5, 6, 7]
        assert await self._replayed(second, room, ada.epoch, 3) is None

    async def test_the_log_is_bounded_in_age(self, opened: Open, room: str) -> None:
        first, second = await opened(SHORT)
        ada = await joined(first, room, "ada")
        await say(first, room, "old")
        await eventually(
            lambda: self._replayed(second, room, ada.epoch, 1), lambda found: found is None
        )
        assert await self._replayed(second, room, ada.epoch, 2) == []

    async def test_what_is_not_retained_is_never_missing(self, opened: Open, room: str) -> None:
        first, second = await opened(Keep(count=4, seconds=60.0, grace=30.0))
        ada = await joined(first, room, "ada")
        told = [
            message("a", retain="none"),
            message("b"),
            message("c", retain="latest", state="look"),
            message("d", retain="none"),
            message("e", retain="latest", state="look"),
        ]
        await first.broker.commit(Commit(room, told))
        assert await self._replayed(second, room, ada.epoch, 1) == [3, 6]
        await first.broker.commit(Commit(room, [message("g", retain="latest", state="look")]))
        assert await self._replayed(second, room, ada.epoch, 1) == [3, 7]
        await say(first, room, "h")
        assert await self._replayed(second, room, ada.epoch, 1) == [3, 7, 8]
        await say(first, room, "and one too many")
        assert await self._replayed(second, room, ada.epoch, 1) == [3, 7, 8, 9]
        await say(first, room, "and another")
        assert await self._replayed(second, room, ada.epoch, 1) is None
        assert await self._replayed(second, room, ada.epoch, 3) == [7, 8, 9, 10]

    # --- requests

    @pytest.mark.parametrize("request_id", ["1", "with space", "ünï\n:cöde", "i", "size"])
    async def test_a_request_is_handled_once(
        self, opened: Open, room: str, request_id: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        assert await first.broker.claim(room, "ada", request_id, 5) == Claim("new")
        waiting = asyncio.create_task(second.broker.claim(room, "ada", request_id, PATIENCE))
        assert await second.broker.claim(room, "ada", request_id, 0.05) == Claim("busy")
        reply = message("done", request_id=request_id)
        beside = message("beside", state="look")
        await first.broker.commit(
            Commit(room, [beside, reply], claim=("ada", request_id), reply=reply)
        )
        for claim in (await waiting, await first.broker.claim(room, "ada", request_id, 5)):
            assert claim.outcome == "done"
            assert claim.reply is not None
            assert claim.reply.for_sender() == reply.for_sender()
        assert await first.broker.claim(room, "ada", "another", 5) == Claim("new")

    async def test_a_private_reply_is_found_again(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        await first.broker.claim(room, "ada", "1", 5)
        reply = message("secret", request_id="1", private=True)
        await first.broker.commit(Commit(room, claim=("ada", "1"), reply=reply))
        again = await second.broker.claim(room, "ada", "1", 5)
        assert again.reply is not None
        assert again.reply.private
        assert again.reply.for_sender() == reply.for_sender()
        assert (await say(first, room, "public")).seq == 2
        assert first.record.states(room) == ["joined", "say"]

    async def test_a_claim_that_is_given_back_goes_to_who_waits(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        await first.broker.claim(room, "ada", "1", 5)
        waiting = asyncio.create_task(second.broker.claim(room, "ada", "1", PATIENCE))
        assert await second.broker.claim(room, "ada", "1", 0.05) == Claim("busy")
        await first.broker.release(room, "ada", "1")
        assert await waiting == Claim("new")
        assert await first.broker.claim(room, "ada", "1", 0.05) == Claim("busy")

    async def test_handled_requests_are_forgotten(self, opened: Open, room: str) -> None:
        first, _ = await opened(SHORT)
        await joined(first, room, "ada")
        await first.broker.claim(room, "ada", "1", 5)
        await answer(first, room, "1", "done")
        await eventually(
            lambda: first.broker.claim(room, "ada", "1", 5), lambda claim: claim.outcome == "new"
        )

    async def test_replies_are_bounded_in_bytes_but_nothing_is_run_again(
        self, opened: Open, room: str
    ) -> None:
        size = message("x" * 1000).size()
        first, second = await opened(Keep(size=2 * size + 10, seconds=60.0, grace=30.0))
        await joined(first, room, "ada")
        for request_id in ("1", "2", "3"):
            await first.broker.claim(room, "ada", request_id, 5)
            await answer(first, room, request_id, "x" * 1000)
        assert await second.broker.claim(room, "ada", "1", 5) == Claim("done", None)
        for request_id in ("2", "3"):
            again = await second.broker.claim(room, "ada", request_id, 5)
            assert again.reply is not None
            assert again.reply.request_id == request_id

    async def test_requests_are_each_participants_own(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        await joined(second, room, "bob")
        assert await first.broker.claim(room, "ada", "1", 5) == Claim("new")
        assert await second.broker.claim(room, "bob", "1", 5) == Claim("new")
        with pytest.raises(RoomGone):
            await second.broker.claim(room, "nobody", "1", 5)

    # --- locks

    async def test_a_lock_is_one_holders_and_goes_round_in_order(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        await joined(processes[0], room, "ada")
        order: list[int] = []
        held = await processes[0].broker.lock(room, 30)

        async def turn(number: int, process: Process) -> None:
            lock = await process.broker.lock(room, 30)
            order.append(number)
            document = b'{"n":%d}' % number
            assert lock.version == number
            assert await process.broker.commit(Commit(room, [], lock, document)) == number + 1
            assert len(order) == number + 1
            await process.broker.unlock(lock)

        waiting: list[asyncio.Task[None]] = []
        for number in range(6):
            process = processes[number % 2]
            waiting.append(asyncio.create_task(turn(number, process)))
            await asyncio.sleep(0)
            # Answered after the lock was asked for, so that it stands in the queue.
            await process.broker.people(room)
        assert order == []
        await processes[0].broker.unlock(held)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*waiting)
        assert order == list(range(6))
        assert await processes[1].broker.read(room) == b'{"n":5}'

    async def test_who_gives_up_waiting_for_a_lock_holds_nobody_up(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        held = await first.broker.lock(room, 30)
        impatient = asyncio.create_task(second.broker.lock(room, 30))
        await asyncio.sleep(0)
        await second.broker.people(room)
        patient = asyncio.create_task(first.broker.lock(room, 30))
        await asyncio.sleep(0)
        await first.broker.people(room)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        await first.broker.unlock(held)
        async with asyncio.timeout(PATIENCE):
            lock = await patient
        await first.broker.unlock(held)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await second.broker.lock(room, 30)
        await first.broker.unlock(lock)
        async with asyncio.timeout(PATIENCE):
            await second.broker.unlock(await second.broker.lock(room, 30))

    # --- the rest

    async def test_control_messages_reach_every_process(self, opened: Open) -> None:
        processes = await opened(LONG)
        word = {"kind": "revoke", "user": uuid4().hex}
        await processes[0].broker.tell(word)
        for process in processes:
            record = process.record
            await record.until(lambda record=record: word in record.messages)
            assert record.messages.count(word) == 1

    async def test_check_says_that_it_works(self, opened: Open) -> None:
        for process in await opened(LONG):
            assert await process.broker.check()

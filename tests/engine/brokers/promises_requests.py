"""Promises of every broker about requests and locks."""

import asyncio

import pytest
from duplex.brokers.base import Claim, Commit, LockLost, Retention, RoomGone
from pydantic_core import from_json

from tests.engine.brokers.promises import (
    LONG,
    SHORT,
    BrokerPromises,
    Open,
    Process,
    answer,
    both_saw,
    joined,
    say,
)
from tests.engine.brokers.support import PATIENCE, eventually, message


class RequestPromises(BrokerPromises):
    """Requests are handled once; a lock is one holder's."""

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

    async def test_a_private_reply_is_recorded(self, opened: Open, room: str) -> None:
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

    async def test_a_released_claim_goes_to_the_next_waiter(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        await first.broker.claim(room, "ada", "1", 5)
        waiting = asyncio.create_task(second.broker.claim(room, "ada", "1", PATIENCE))
        assert await second.broker.claim(room, "ada", "1", 0.05) == Claim("busy")
        await first.broker.release(room, "ada", "1")
        assert await waiting == Claim("new")
        assert await first.broker.claim(room, "ada", "1", 0.05) == Claim("busy")

    async def test_a_request_that_had_started_is_not_repeated(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        for request_id in ("1", "2"):
            await first.broker.claim(room, "ada", request_id, 5)
            otherwise = message("broken off", request_id=request_id, private=True)
            begun = Commit(room, claim=("ada", request_id), reply=otherwise, settles=False)
            await first.broker.commit(begun)
            assert await second.broker.claim(room, "ada", request_id, 0.05) == Claim("busy")
        await first.broker.release(room, "ada", "1")
        given_back = await second.broker.claim(room, "ada", "1", 5)
        assert given_back.reply is not None
        assert given_back.reply.head == message("broken off").head
        reply = await answer(first, room, "2", "whole")
        settled = await second.broker.claim(room, "ada", "2", 5)
        assert settled.reply is not None
        assert settled.reply.for_sender() == reply.for_sender()

    async def test_a_stream_whose_claim_is_released_ends_for_everybody(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        for request_id in ("1", "2"):
            await first.broker.claim(room, "ada", request_id, 5)
            end = message("end", sender="ada")
            error = message("broken off", sender="ada", request_id=request_id, private=True)
            claim = ("ada", request_id)
            await first.broker.commit(
                Commit(room, claim=claim, reply=error, settles=False, endings=[end, error])
            )
        await answer(first, room, "2", "whole")
        await first.broker.release(room, "ada", "1")
        await first.broker.release(room, "ada", "2")
        await both_saw((first, second), room, 4)
        entries = first.record.entries[room]
        assert [entry.state for entry in entries] == ["joined", "say", "say", "say"]
        assert [entry.private for entry in entries] == [False, False, False, True]
        released = await second.broker.claim(room, "ada", "1", 5)
        assert released.reply is not None
        assert released.reply.for_sender() == entries[-1].for_sender()

    async def test_pieces_of_a_stream_come_before_its_end_only(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        claim = ("ada", "1")
        assert await first.broker.claim(room, *claim, 0) == Claim("new")
        error = message("interrupted", request_id="1", private=True)
        begun = Commit(room, claim=claim, reply=error, settles=False, endings=[error])
        await first.broker.commit(begun)
        await first.broker.commit(Commit(room, [message("one", more=True)], within=claim))
        # As for a worker that others take for dead.
        await first.broker.release(room, *claim)
        with pytest.raises(LockLost):
            await first.broker.commit(Commit(room, [message("two", more=True)], within=claim))
        await say(second, room, "after")
        await both_saw((first, second), room, 4)
        heads = [entry.head for entry in first.record.entries[room] if entry.state == "say"]
        assert [from_json(head + b"}")["data"] for head in heads] == ["one", "interrupted", "after"]

    async def test_handled_requests_are_forgotten(self, opened: Open, room: str) -> None:
        first, _ = await opened(SHORT)
        await joined(first, room, "ada")
        await first.broker.claim(room, "ada", "1", 5)
        await answer(first, room, "1", "done")
        await eventually(
            lambda: first.broker.claim(room, "ada", "1", 5), lambda claim: claim.outcome == "new"
        )

    async def test_handled_requests_are_remembered_until_a_lost_connection_is_detected(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(Retention(seconds=0.2, grace=0.2, detection=60.0))
        await joined(first, room, "ada")
        await joined(first, room, "bob")
        await first.broker.claim(room, "ada", "1", 5)
        reply = await answer(first, room, "1", "done")
        # Bob leaves after the grace, which is as long as messages are kept.
        await first.broker.drop(room, "bob", "bob-1")
        await second.record.until(lambda: "left" in second.record.states(room))
        again = await second.broker.claim(room, "ada", "1", 5)
        assert again.reply is not None
        assert again.reply.for_sender() == reply.for_sender()

    async def test_recorded_replies_are_limited_in_bytes_and_no_request_is_repeated(
        self, opened: Open, room: str
    ) -> None:
        size = message("x" * 1000).size()
        first, second = await opened(Retention(size=2 * size + 10, seconds=60.0, grace=30.0))
        await joined(first, room, "ada")
        for request_id in ("1", "2", "3"):
            await first.broker.claim(room, "ada", request_id, 5)
            await answer(first, room, request_id, "x" * 1000)
        assert await second.broker.claim(room, "ada", "1", 5) == Claim("done", None)
        for request_id in ("2", "3"):
            again = await second.broker.claim(room, "ada", request_id, 5)
            assert again.reply is not None
            assert again.reply.request_id == request_id

    async def test_request_ids_belong_to_one_participant(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        await joined(second, room, "bob")
        assert await first.broker.claim(room, "ada", "1", 5) == Claim("new")
        assert await second.broker.claim(room, "bob", "1", 5) == Claim("new")
        with pytest.raises(RoomGone):
            await second.broker.claim(room, "nobody", "1", 5)

    # --- locks

    async def test_a_lock_has_one_holder_and_is_granted_in_order(
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
            await process.broker.present(room)
        assert order == []
        await processes[0].broker.unlock(held)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*waiting)
        assert order == list(range(6))
        assert await processes[1].broker.read(room) == b'{"n":5}'

    async def test_an_abandoned_wait_for_a_lock_delays_nobody(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        held = await first.broker.lock(room, 30)
        impatient = asyncio.create_task(second.broker.lock(room, 30))
        await asyncio.sleep(0)
        await second.broker.present(room)
        patient = asyncio.create_task(first.broker.lock(room, 30))
        await asyncio.sleep(0)
        await first.broker.present(room)
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

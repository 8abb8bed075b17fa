"""Promises of every broker about held fields."""

import pytest
from duplex.brokers.base import Claim, Commit, FieldHeld, LockLost

from tests.engine.brokers.promises import LONG, SHORT, BrokerPromises, Open, both_saw, joined
from tests.engine.brokers.support import eventually, message

BUSY = {"busy": b'{"by":"ada"}'}
HELD = b'{"state":"held","data":{"busy":{"by":"ada"}}'
FREE = b'{"state":"held","data":{"busy":null}'


def holding(room: str, participant: str = "ada", request_id: str = "1") -> Commit:
    """A request that holds `busy`."""
    return Commit(room, claim=(participant, request_id), holds=BUSY)


class HoldPromises(BrokerPromises):
    """A held field has its value as long as the claim of its request is open."""

    async def test_a_held_field_is_seen_everywhere_and_is_not_in_the_document(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada", seed=b'{"n":1,"busy":null}')
        await first.broker.claim(room, "ada", "1", 0)
        await first.broker.commit(holding(room))
        held = b'{"n":1,"busy":{"by":"ada"}}'
        assert await second.broker.read(room) == held
        assert (await joined(second, room, "bob")).document == held
        lock = await second.broker.lock(room, 5)
        assert (lock.document, lock.held) == (b'{"n":1,"busy":null}', BUSY)
        await second.broker.commit(Commit(room, [], lock, b'{"n":2,"busy":null}'))
        await second.broker.unlock(lock)
        assert await first.broker.read(room) == b'{"n":2,"busy":{"by":"ada"}}'
        await both_saw((first, second), room, 3)
        for one in (first, second):
            assert one.record.heads(room) == [HELD]

    @pytest.mark.parametrize("how", ["settled", "released", "left", "begun and released"])
    async def test_a_hold_ends_with_its_claim(self, opened: Open, room: str, how: str) -> None:
        first, second = await opened(LONG)
        for name in ("ada", "bob"):
            await joined(first, room, name)
        await first.broker.claim(room, "ada", "1", 0)
        reply, end = message("done", request_id="1"), message("ended")
        if how.startswith("begun"):
            begun = Commit(room, claim=("ada", "1"), reply=reply, settles=False, endings=[end])
            await first.broker.commit(begun)
        await first.broker.commit(holding(room))
        others: list[bytes] = []
        if how == "settled":
            await first.broker.commit(Commit(room, [reply], claim=("ada", "1"), reply=reply))
            others = [reply.head]
        elif how == "left":
            await first.broker.leave(room, "ada", "ada-1")
        else:
            await first.broker.release(room, "ada", "1")
            others = [end.head] if how.startswith("begun") else []
        assert await second.broker.read(room) == b"{}"
        await first.broker.commit(Commit(room, [message("last")]))
        await second.record.until(lambda: message("last").head in second.record.heads(room))
        assert second.record.heads(room) == [HELD, FREE, *others, message("last").head]

    async def test_a_field_is_held_by_one_request(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG)
        for name in ("ada", "bob"):
            await joined(first, room, name)
        await first.broker.claim(room, "ada", "1", 0)
        await second.broker.claim(room, "bob", "1", 0)
        await first.broker.commit(holding(room))
        with pytest.raises(FieldHeld, match="busy"):
            await second.broker.commit(holding(room, "bob"))
        again = Commit(room, claim=("ada", "1"), holds={"busy": b"2", "other": b"3"})
        await first.broker.commit(again)
        assert await second.broker.read(room) == b'{"busy":2,"other":3}'
        await first.broker.release(room, "ada", "1")
        await second.broker.commit(holding(room, "bob"))
        assert await first.broker.read(room) == b'{"busy":{"by":"ada"}}'

    async def test_a_request_that_is_over_holds_nothing(self, opened: Open, room: str) -> None:
        first, second = await opened(LONG)
        await joined(first, room, "ada")
        await first.broker.claim(room, "ada", "1", 0)
        reply = message("done", request_id="1", private=True)
        await first.broker.commit(Commit(room, claim=("ada", "1"), reply=reply))
        with pytest.raises(LockLost):
            await first.broker.commit(holding(room))
        assert await second.broker.read(room) == b"{}"
        assert (await second.broker.claim(room, "ada", "1", 0)).outcome == "done"

    async def test_a_hold_lasts_while_its_participant_is_away_and_is_forgotten_with_it(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(SHORT)
        for name in ("ada", "bob"):
            await joined(first, room, name)
        assert await first.broker.claim(room, "ada", "1", 0) == Claim("new")
        await first.broker.commit(holding(room))
        await first.broker.drop(room, "ada", "ada-1")
        await first.record.until(lambda: first.record.states(room)[-1] == "left")
        assert await second.broker.read(room) == b'{"busy":{"by":"ada"}}'
        await eventually(lambda: second.broker.read(room), lambda found: found == b"{}")
        await second.record.until(lambda: FREE in second.record.heads(room))

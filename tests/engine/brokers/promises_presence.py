"""Promises of every broker about presence, and about the replay after a resume."""

import asyncio

from duplex.brokers.base import Commit, Presence, Retention

from tests.engine.brokers.promises import (
    LONG,
    SHORT,
    BrokerPromises,
    Open,
    Process,
    both_saw,
    joined,
    resumed,
    say,
)
from tests.engine.brokers.support import eventually, message


class PresencePromises(BrokerPromises):
    """Presence and replay."""

    # --- presence

    async def test_a_participant_who_leaves_is_gone_at_once_and_cannot_resume(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        first, second = processes
        ada = await joined(first, room, "ada")
        await joined(second, room, "bob")
        await first.broker.leave(room, "ada", "another connection")
        assert len(await second.broker.present(room)) == 2
        await first.broker.leave(room, "ada", "ada-1")
        await both_saw(processes, room, 3)
        for process in processes:
            assert process.record.states(room) == ["joined", "joined", "left"]
            assert process.record.entries[room][2].for_others() == (
                b'{"state":"left","data":{"participant":"ada","name":"Ada"},"seq":3}'
            )
            assert ("left", room, "ada", "after 2") in process.record.events
        assert await first.broker.present(room) == [Presence("bob", "Bob")]
        back = await resumed(first, room, "ada", ada.epoch, 3)
        assert (back.resumed, back.replay) == (False, None)

    async def test_a_participant_who_returns_within_the_grace_never_left(
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
        assert back.present.participants == [Presence("ada", "Ada"), Presence("bob", "Bob")]
        assert second.record.states(room).count("joined") == 2
        await first.broker.drop(room, "ada", "ada-1", at_once=True)
        await first.broker.leave(room, "ada", "ada-1")
        assert await first.broker.present(room) == back.present.participants

    async def test_the_former_connection_is_told_that_it_was_replaced(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        await joined(processes[0], room, "ada")
        await resumed(processes[1], room, "ada")
        replaced = ("taken_over", room, "ada", "ada-1")
        for process in processes:
            record = process.record
            await record.until(lambda record=record: replaced in record.events)

    async def test_the_grace_ends_with_one_left(self, opened: Open, room: str) -> None:
        processes = await opened(Retention(seconds=30.0, grace=0.2))
        first, second = processes
        await joined(first, room, "ada")
        await joined(second, room, "bob")
        await first.broker.drop(room, "ada", "ada-1")
        assert len(await second.broker.present(room)) == 2
        await both_saw(processes, room, 3)
        await say(second, room, "after")
        await both_saw(processes, room, 4)
        for process in processes:
            assert process.record.states(room) == ["joined", "joined", "left", "say"]
            lefts = [one for one in process.record.events if one[0] == "left"]
            assert lefts == [("left", room, "ada", "after 2")]

    async def test_the_grace_ends_when_the_participant_returns(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(Retention(seconds=30.0, grace=0.5))
        first, second = processes
        for name in ("ada", "bob", "eve"):
            await joined(first, room, name)
        await first.broker.drop(room, "ada", "ada-1")
        assert (await resumed(second, room, "ada")).resumed
        # His grace ends after ada's would have ended.
        await first.broker.drop(room, "bob", "bob-1")
        await both_saw(processes, room, 4)
        assert first.record.states(room) == ["joined"] * 3 + ["left"]
        assert await first.broker.present(room) == [Presence("ada", "Ada"), Presence("eve", "Eve")]

    async def test_a_participant_who_disconnects_at_once_is_gone_but_may_resume(
        self, opened: Open, room: str
    ) -> None:
        processes = await opened(LONG)
        first, second = processes
        ada = await joined(first, room, "ada")
        await joined(second, room, "bob")
        await first.broker.drop(room, "ada", "ada-1", at_once=True)
        assert await second.broker.present(room) == [Presence("bob", "Bob")]
        back = await resumed(second, room, "ada", ada.epoch, 2)
        assert back.replay is not None
        assert (back.participant, back.resumed) == ("ada", True)
        assert back.present.participants == [Presence("bob", "Bob"), Presence("ada", "Ada")]
        await both_saw(processes, room, 4)
        assert first.record.states(room) == ["joined", "joined", "left", "joined"]

    async def test_a_resume_token_belongs_to_one_user(self, opened: Open, room: str) -> None:
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

    async def test_a_replay_is_complete_or_refused(self, opened: Open, room: str) -> None:
        first, second = await opened(Retention(count=5, seconds=60.0, grace=30.0))
        ada = await joined(first, room, "ada")
        for i in range(9):
            await say(first, room, str(i))
        assert await self._replayed(second, room, ada.epoch, 5) == [6, 7, 8, 9, 10]
        assert await self._replayed(second, room, ada.epoch, 10) == []
        assert await self._replayed(second, room, ada.epoch, 4) is None
        assert await self._replayed(second, room, ada.epoch, 11) is None
        assert await self._replayed(second, room, "another epoch", 10) is None

    async def test_a_retention_of_no_messages_replays_none(self, opened: Open, room: str) -> None:
        first, second = await opened(Retention(count=0, seconds=60.0, grace=30.0))
        ada = await joined(first, room, "ada")
        await say(first, room, "unkept")
        await both_saw((first, second), room, 2)
        assert await self._replayed(second, room, ada.epoch, 1) is None
        assert await self._replayed(second, room, ada.epoch, 2) == []

    async def test_the_log_is_bounded_in_bytes(self, opened: Open, room: str) -> None:
        size = message("x" * 1000).size()
        first, second = await opened(Retention(size=3 * size + 10, seconds=60.0, grace=30.0))
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

    async def test_messages_that_are_not_retained_do_not_prevent_a_replay(
        self, opened: Open, room: str
    ) -> None:
        first, second = await opened(Retention(count=4, seconds=60.0, grace=30.0))
        ada = await joined(first, room, "ada")
        messages = [
            message("a", retain="none"),
            message("b"),
            message("c", retain="latest", state="look"),
            message("d", retain="none"),
            message("e", retain="latest", state="look"),
        ]
        await first.broker.commit(Commit(room, messages))
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

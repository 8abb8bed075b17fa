"""Promise 2: no loss without notice after a reconnect, and each request is handled once."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from duplex.brokers.base import BrokerUnavailable, Commit
from duplex.identity import Identity
from duplex.socket.connection import Connection
from duplex.wire.entries import Entry

from tests.engine.states import Gates, states
from tests.engine.support import PATIENCE, Server, Store, make_engine, serving, setup


async def test_a_client_that_lost_its_connection_resumes_and_gets_all_missed_messages(
    server: Server,
) -> None:
    async with await server.client(session="cut") as bob:
        ada = await server.client(session="cut")
        await bob.ask("say", {"text": "before"})
        seen = (await ada.until("say"))["seq"]
        ada.lose()
        for number in range(30):
            await bob.reply("say", {"text": str(number)})
        again = await server.client(**ada.resume(seen))
        assert again.initialised["recovered"] is True
        assert again.participant == ada.participant
        missed = [await again.until("say") for _ in range(30)]
        assert [f["data"]["text"] for f in missed] == [str(n) for n in range(30)]
        assert [f["seq"] for f in missed] == list(range(seen + 1, seen + 31))
        assert all(f["from"] == bob.participant and "id" not in f for f in missed)
        assert await again.quiet() == []
        heard = await bob.quiet()
        assert [f for f in heard if f["state"] in ("joined", "left")] == []
        await again.close()


async def test_missed_replies_to_own_requests_are_replayed_with_their_id(
    server: Server, gates: Gates
) -> None:
    ada = await server.client()
    await ada.ask("hold", {"text": "reply lost"}, id="r1")
    await gates.entered["reply lost"].wait()
    ada.lose()
    again = await server.client(**ada.resume())
    gates.open["reply lost"].set()
    reply = await again.receive()
    assert (reply["state"], reply["id"]) == ("hold", "r1")
    assert "from" not in reply
    await again.close()


@pytest.mark.parametrize("state", ["say", "whisper"])
async def test_a_request_sent_again_is_handled_once_and_gets_its_reply_again(
    server: Server, gates: Gates, state: str
) -> None:
    ada = await server.client()
    first = await ada.reply(state, {"text": "once"}, id="same")
    ada.lose()
    again = await server.client(**ada.resume(first.get("seq")))
    assert await again.reply(state, {"text": "once"}, id="same") == first
    assert await again.reply(state, {"text": "once"}, id="same") == first
    assert gates.runs == ["once"]
    await again.close()


async def test_a_request_sent_again_while_it_runs_is_not_run_twice(
    server: Server, gates: Gates
) -> None:
    ada = await server.client()
    await ada.ask("hold", {"text": "running"}, id="1")
    await gates.entered["running"].wait()
    ada.lose()
    again = await server.client(**ada.resume())
    await again.ask("hold", {"text": "running"}, id="1")
    await again.ask("whisper", {"text": "after"}, id="2")
    assert await again.quiet() == []
    gates.open["running"].set()
    replies = [await again.receive() for _ in range(2)]
    assert [f["id"] for f in replies] == ["1", "2"]
    assert gates.runs == ["hold running", "after"]
    await again.close()


async def test_errors_are_remembered_like_replies(server: Server) -> None:
    async with await server.client() as ada:
        first = await ada.reply("spoil", {"text": "refuse"}, id="no")
        assert first["code"] == "refused"
        assert await ada.reply("spoil", {"text": "refuse"}, id="no") == first


async def test_another_participant_may_use_the_same_request_id(server: Server) -> None:
    async with (
        await server.client(session="ids") as ada,
        await server.client(session="ids") as bob,
    ):
        assert (await ada.reply("whisper", {"text": "a"}, id="1"))["data"]["text"] == "a"
        assert (await bob.reply("whisper", {"text": "b"}, id="1"))["data"]["text"] == "b"


@pytest.mark.parametrize("wrong", ["epoch", "future", "token"])
async def test_messages_that_are_no_longer_kept_are_reported_and_the_document_is_sent(
    server: Server, wrong: str
) -> None:
    ada = await server.client()
    await ada.reply("note", {"text": "kept"})
    hello: dict[str, Any] = ada.resume()
    hello["resume"].update(
        {"epoch": {"epoch": "0" * 16}, "future": {"seq": 10_000}, "token": {"token": "x"}}[wrong]
    )
    ada.lose()
    again = await server.client(**hello)
    assert again.initialised["recovered"] is False
    assert again.initialised["snapshot"] == {"lines": ["kept"]}
    assert again.initialised["seq"] >= 2
    assert (again.participant == ada.participant) == (wrong != "token")
    await again.close()


async def test_a_recorded_reply_never_overtakes_the_rooms_order(server: Server) -> None:
    """As if another worker handled the request and this one does not know it yet."""
    async with await server.client() as ada:
        member = server.member(ada)
        ahead = Entry("say", b'{"state":"say","data":null', ada.participant, "1")
        behind = Entry("say", b'{"state":"say","data":null', ada.participant, "0")
        ahead.seq, behind.seq = member.seen + 1, member.seen
        member.push(ahead)
        member.push(behind)
        server.engine.events.deliver(ada.session, [ahead])
        assert [frame["id"] for frame in await ada.quiet()] == ["0", "1"]


async def test_a_stream_is_not_restarted_when_its_worker_died(server: Server, gates: Gates) -> None:
    async with await server.client() as ada:
        await ada.ask("tick", {"text": "worker"}, id="t")
        await ada.until("tick")
        broker, key = server.engine.broker, (ada.session, ada.participant, "t")
        assert (await broker.claim(*key, 0.05)).outcome == "busy"
        # As other workers do with the claims of a dead worker.
        await broker.release(*key)
        again = await broker.claim(*key, 5)
        assert again.reply is not None
        assert b'"code":"interrupted"' in again.reply.head


async def test_a_resume_token_is_valid_only_for_its_own_user(server: Server) -> None:
    ada = await server.client(token="ada")
    ada.lose()
    thief = await server.client(token="eve", **ada.resume())
    assert thief.participant != ada.participant
    assert thief.initialised["recovered"] is False
    await thief.close()


async def test_a_participant_resumed_elsewhere_is_replaced(server: Server) -> None:
    ada = await server.client()
    again = await server.client(**ada.resume())
    assert await ada.closed() == 4410
    assert (await again.reply("say", {"text": "here"}))["data"]["text"] == "here"
    await again.close()


async def test_a_closed_connection_does_not_take_over_a_participant(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that waits too long for a slow server tries again; the first try must not win."""
    reached, held, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    remove = server.engine.sockets.remove

    async def slow_once(identity: Identity, session: str) -> bool:
        if not reached.is_set():
            reached.set()
            await held.wait()
        return True

    def removed(connection: Connection, code: int) -> int:
        ended.set()
        return remove(connection, code)

    ada = await server.client()
    ada.lose()
    monkeypatch.setattr(store, "may_join", slow_once)
    late = await server.socket()
    await late.send(ada.resume())
    await reached.wait()
    await late.close()
    again = await server.client(**ada.resume())
    monkeypatch.setattr(server.engine.sockets, "remove", removed)
    held.set()
    await ended.wait()
    assert (await again.reply("say", {"text": "here"}))["data"]["text"] == "here"
    assert await again.quiet() == []
    await again.close()


async def test_a_participant_is_replaced_although_the_broker_says_so_late(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unheard(*_: str) -> None:
        pass

    ada = await server.client()
    monkeypatch.setattr(server.engine.events, "taken_over", unheard)
    again = await server.client(**ada.resume())
    assert await ada.closed() == 4410
    assert (await again.reply("say", {"text": "here"}))["data"]["text"] == "here"
    await again.close()


@pytest.mark.parametrize("state", ["note", "whisper"])
async def test_a_reply_is_sent_only_after_the_store_accepted_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    async with await server.client(session=state) as ada, await server.client(session=state) as bob:
        await ada.quiet()

        async def full(commit: Commit) -> int:
            raise BrokerUnavailable("for once")

        with monkeypatch.context() as patch:
            patch.setattr(server.engine.broker, "commit", full)
            error = await ada.reply(state, {"text": "kept"}, id="k")
            assert (error["code"], error["id"]) == ("broker_unavailable", "k")
        assert await ada.quiet() == await bob.quiet() == []
        assert (await bob.reply("notes"))["data"] == {"lines": []}
        assert (await ada.reply(state, {"text": "kept"}, id="k"))["data"] == {"text": "kept"}
        lines = ["kept"] if state == "note" else []
        assert (await bob.reply("notes"))["data"] == {"lines": lines}


async def test_everybody_is_told_of_an_unreachable_store_and_stays_connected(
    server: Server,
) -> None:
    async with await server.client(session="a") as ada, await server.client(session="b") as bob:
        await ada.quiet()
        server.engine.events.down("for once")
        for one in (ada, bob):
            error = await one.receive()
            assert (error["state"], error["code"]) == ("error", "broker_unavailable")
            assert "id" not in error
        server.engine.events.up()
        assert (await ada.reply("note", {"text": "on"}))["data"] == {"text": "on"}


async def test_retain_decides_which_messages_are_replayed(server: Server) -> None:
    async with await server.client(session="retain") as bob:
        ada = await server.client(session="retain")
        ada.lose()
        for state, text in [("cursor", "1"), ("place", "1"), ("say", "1"), ("place", "2")]:
            await bob.reply(state, {"text": text})
        again = await server.client(**ada.resume())
        assert again.initialised["recovered"] is True
        missed = [(f["state"], f["data"]["text"]) for f in await again.quiet()]
        assert missed == [("say", "1"), ("place", "2")]
        await again.close()


class TestBounds:
    """With a small log and a short grace."""

    @pytest.fixture(scope="class")
    async def small(self, gates: Gates) -> AsyncGenerator[Server]:
        settings = setup(replay_count=5, replay_seconds=0.2)
        async with serving(make_engine(states(gates), settings)) as running:
            yield running

    async def test_missing_more_messages_than_are_kept_is_reported(self, small: Server) -> None:
        async with await small.client(session="small") as bob:
            ada = await small.client(session="small")
            ada.lose()
            for number in range(6):
                await bob.reply("note", {"text": str(number)})
            again = await small.client(**ada.resume())
            assert again.initialised["recovered"] is False
            assert again.initialised["snapshot"] == {"lines": [str(n) for n in range(6)]}
            assert await again.quiet() == []
            await again.close()

    async def test_a_request_is_not_run_again_when_its_loss_is_noticed_late(
        self, small: Server, gates: Gates
    ) -> None:
        ada = await small.client(session="late")
        first = await ada.reply("whisper", {"text": "late"}, id="same")
        # The connection is dead, and the reply with it; the server does not know yet. Eve leaves
        # after the grace, which is as long as messages are kept.
        eve = await small.client(session="late")
        eve.lose()
        assert (await ada.until("left"))["data"]["participant"] == eve.participant
        again = await small.client(**ada.resume())
        assert await again.reply("whisper", {"text": "late"}, id="same") == first
        assert gates.runs.count("late") == 1
        await again.close()

    async def test_a_participant_who_does_not_return_leaves_after_the_grace(
        self, small: Server
    ) -> None:
        async with await small.client(session="grace") as bob:
            ada = await small.client(session="grace", name="Ada")
            await bob.until("joined")
            ada.lose()
            left = await bob.until("left")
            assert left["data"] == {"participant": ada.participant, "name": "Ada"}
            assert isinstance(left["seq"], int)
            late = await small.client(session="grace")
            people = [one["participant"] for one in late.initialised["participants"]]
            assert people == [bob.participant, late.participant]
            await late.close()

    async def test_an_empty_session_is_forgotten(self, small: Server) -> None:
        ada = await small.client(session="empty")
        await ada.reply("note", {"text": "gone soon"})
        epoch = ada.initialised["epoch"]
        await ada.close()
        async with asyncio.timeout(PATIENCE):
            while epoch == ada.initialised["epoch"]:
                await asyncio.sleep(0.1)
                await ada.close()
                ada = await small.client(session="empty")
                await ada.close()
                await asyncio.sleep(0.25)
        assert ada.initialised["snapshot"] == {"lines": []}

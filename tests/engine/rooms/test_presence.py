"""Presence: who is present, joins and leaves."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from duplex.brokers.base import Join, Joined
from duplex.rooms.rooms import Room
from duplex.wire.entries import Entry
from pydantic_core import from_json
from websockets.frames import Opcode

from tests.engine.raw import Raw, masked
from tests.engine.states import Gates, states
from tests.engine.support import Frame, Server, make_engine, serving


async def test_everybody_receives_the_participants(server: Server) -> None:
    async with await server.client(session="here", name="Ada") as ada:
        bob = await server.client(session="here", token="bob")
        joined = await ada.until("joined")
        assert joined["data"] == {"participant": bob.participant, "name": "Bob"}
        assert joined["seq"] == bob.initialised["seq"]
        assert bob.initialised["participants"] == [
            {"participant": ada.participant, "name": "Ada"},
            {"participant": bob.participant, "name": "Bob"},
        ]
        assert await bob.quiet() == []
        await bob.close()
        left = await ada.until("left")
        assert left["data"] == {"participant": bob.participant, "name": "Bob"}
        assert left["seq"] == joined["seq"] + 1


@pytest.mark.parametrize("how", ["leave", "1000", "1001", "4501"])
async def test_leaving_is_announced_at_once(server: Server, how: str) -> None:
    async with await server.client(session=f"leave-{how}") as ada:
        bob = await server.client(session=f"leave-{how}")
        if how == "leave":
            await bob.send({"state": "leave"})
            assert await bob.closed() == 1000
        else:
            await bob.close(int(how))
        assert (await ada.until("left"))["data"]["participant"] == bob.participant


async def test_a_suspended_page_may_resume_but_a_participant_who_left_may_not(
    server: Server,
) -> None:
    async with await server.client(session="back"):
        for code, same in ((1001, True), (4501, True), (1000, False)):
            bob = await server.client(session="back")
            await bob.close(code)
            again = await server.client(**bob.resume())
            assert (again.participant == bob.participant) is same
            assert again.initialised["recovered"] is same
            await again.close()


async def test_a_participant_has_left_after_a_final_close_code(server: Server) -> None:
    async with await server.client(session="final", token="bob") as bob:
        eve = await server.client(session="final", token="eve")
        await server.engine.revoke("eve")
        assert await eve.closed() == 4401
        assert (await bob.until("left"))["data"]["participant"] == eve.participant
        async with await server.client(token="eve", **eve.resume()) as again:
            assert again.participant != eve.participant
            assert not again.initialised["recovered"]


async def test_a_close_frame_without_a_code_leaves_for_good(gates: Gates) -> None:
    async with (
        serving(make_engine(states(gates))) as server,
        await server.client(session="mute") as ada,
    ):
        raw = await Raw.connect(server.url)
        raw.writer.write(masked(Opcode.TEXT, b'{"session":"mute"}'))
        known = cast("Frame", (await raw.text())["data"])
        raw.writer.write(masked(Opcode.CLOSE, b""))
        assert (await ada.until("left"))["data"]["participant"] == known["participant"]
        resume = {"token": known["resume_token"], "epoch": known["epoch"], "seq": known["seq"]}
        async with await server.client(session="mute", resume=resume) as again:
            assert again.participant != known["participant"]
        raw.writer.close()


async def test_without_a_session_everybody_gets_a_private_one(server: Server) -> None:
    async with await server.client() as ada, await server.client() as bob:
        assert ada.session != bob.session
        assert len(ada.session) >= 20
        await ada.reply("say", {"text": "private"})
        assert await bob.quiet() == []


async def test_requests_sent_before_a_close_are_still_handled(server: Server) -> None:
    async with await server.client(session="last") as ada:
        bob = await server.client(session="last")
        await bob.ask("note", {"text": "last words"})
        await bob.close()
        assert (await ada.until("note"))["data"] == {"text": "last words"}
        assert (await ada.until("left"))["data"]["participant"] == bob.participant


async def test_participants_who_join_at_once_are_each_announced_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each announcement is processed once, however many are just joining."""
    count, joined = 40, 0
    all_joined, all_announced = asyncio.Event(), asyncio.Event()
    join, deliver = server.engine.broker.join, Room.deliver
    announced: list[str] = []
    delivered: list[int] = []

    async def together(request: Join) -> Joined | None:
        nonlocal joined
        found = await join(request)
        joined += found is not None
        if joined == count:
            all_joined.set()
        if found is not None:
            await all_joined.wait()
        return found

    def counting(room: Room, entries: Sequence[Entry]) -> None:
        if room.id == "crowd":
            for entry in entries:
                data = from_json(entry.head + b"}")["data"]
                announced.extend(one["participant"] for one in data.get("joined", [data]))
                delivered.append(entry.seq)
        deliver(room, entries)
        if len(announced) == count:
            all_announced.set()

    monkeypatch.setattr(server.engine.broker, "join", together)
    monkeypatch.setattr(Room, "deliver", counting)
    clients = await asyncio.gather(*(server.client(session="crowd") for _ in range(count)))
    await all_announced.wait()
    assert sorted(announced) == sorted(client.participant for client in clients)
    last = max(delivered)
    assert sorted(delivered) == list(range(1, last + 1))
    # Some one by one, the others gathered.
    assert last < count / 2
    for client in clients:
        present = {one["participant"] for one in client.initialised["participants"]}
        heard = client.initialised["seq"]
        while heard < last:
            frame = await client.receive()
            assert frame["seq"] == heard + 1
            heard = frame["seq"]
            data = frame["data"]
            present.update(one["participant"] for one in data.get("joined", [data]))
        assert present == set(announced)
    for client in clients:
        await client.close()

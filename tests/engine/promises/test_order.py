"""Promise 1: requests in the order sent; a room's messages in one order for everybody."""

import asyncio

import pytest
from duplex.brokers.base import BrokerUnavailable, Commit

from tests.engine.states import Gates
from tests.engine.support import Frame, Server


async def test_requests_of_one_participant_are_handled_in_the_order_sent(
    server: Server, gates: Gates
) -> None:
    async with await server.client() as ada:
        await ada.ask("hold", {"text": "first"}, id="1")
        await ada.ask("whisper", {"text": "second"}, id="2")
        await ada.ask("say", {"text": "third"}, id="3")
        await gates.entered["first"].wait()
        assert await ada.quiet() == []
        assert gates.runs == ["hold first"]
        gates.open["first"].set()
        assert [(await ada.receive())["id"] for _ in range(3)] == ["1", "2", "3"]
        assert gates.runs == ["hold first", "second", "third"]


async def test_requests_that_were_interrupted_are_handled_first_after_a_resume(
    server: Server, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client did not get its error, so it sends it again with all later requests."""
    ada = await server.client()
    requests = [("hold", "first"), ("whisper", "second"), ("say", "third")]
    for number, (state, text) in enumerate(requests):
        await ada.ask(state, {"text": text}, id=str(number))
    await gates.entered["first"].wait()
    ada.lose()
    await server.engine.sockets.empty.wait()

    async def unreachable(commit: Commit) -> int:
        monkeypatch.undo()
        raise BrokerUnavailable("for once")

    monkeypatch.setattr(server.engine.broker, "commit", unreachable)
    member = server.member(ada)
    gates.open["first"].set()
    await member.requests.settled()
    assert gates.runs == ["hold first"]
    async with await server.client(**ada.resume()) as again:
        for number, (state, text) in enumerate(requests):
            await again.ask(state, {"text": text}, id=str(number))
        assert [(await again.receive())["id"] for _ in range(3)] == ["0", "1", "2"]
    assert gates.runs == ["hold first", "hold first", "second", "third"]


async def test_a_waiting_participant_does_not_delay_others(server: Server, gates: Gates) -> None:
    async with await server.client(session="held") as ada, await server.client() as bob:
        await ada.ask("hold", {"text": "ada"})
        await gates.entered["ada"].wait()
        assert (await bob.reply("say", {"text": "free"}))["data"] == {"text": "free"}
        gates.open["ada"].set()
        await ada.until("hold")


async def test_everybody_gets_a_rooms_messages_in_one_order_without_gaps(server: Server) -> None:
    clients = [await server.client(session="ordered") for _ in range(4)]
    per_client = 25
    for number in range(per_client):
        for client in clients:
            await client.ask("say", {"text": f"{client.participant} {number}"})

    async def read(client_index: int) -> list[Frame]:
        client = clients[client_index]
        return [await client.until("say") for _ in range(per_client * len(clients))]

    heard = await asyncio.gather(*(read(index) for index in range(len(clients))))
    told = [[(f["seq"], f["data"]["text"]) for f in frames] for frames in heard]
    assert all(one == told[0] for one in told)
    numbers = [seq for seq, _ in told[0]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    for client, frames in zip(clients, heard, strict=True):
        for frame in frames:
            author = frame["data"]["text"].split()[0]
            assert frame.get("from", client.participant) == author
            assert ("from" not in frame) == (author == client.participant)
    for client in clients:
        await client.close()


async def test_a_stream_starts_in_order_and_runs_beside_later_requests(
    server: Server, gates: Gates
) -> None:
    async with await server.client() as ada:
        await ada.ask("tick", {"text": "beside"}, id="t")
        await ada.ask("whisper", {"text": "later"}, id="w")
        first, second = await ada.receive(), await ada.receive()
        assert {first["id"], second["id"]} == {"t", "w"}
        gates.open["beside0"].set()
        assert (await ada.until("tick"))["data"] == {"number": 1}
        await ada.send({"state": "cancel", "id": "t"})
        error = await ada.until("error")
        assert (error["code"], error["id"]) == ("cancelled", "t")
        await gates.entered["tick over"].wait()

"""Promise 3: no client delays another."""

import json
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
from duplex_dev.client import Closed

from tests.engine.states import Gates, states
from tests.engine.support import Client, Server, make_engine, serving, setup

PAYLOAD = "x" * 4000


@pytest.fixture(scope="module", params=["prepared", "asgi"])
async def tight(request: pytest.FixtureRequest, gates: Gates) -> AsyncGenerator[Server]:
    """A server with a small outbox and a short write deadline."""
    settings = setup(outbox_bytes=200_000, write_timeout=0.5)
    async with serving(
        make_engine(states(gates), settings), prepared=request.param == "prepared"
    ) as running:
        yield running


async def stalled(server: Server, session: str) -> Client:
    """A member that reads its `initialised` and then nothing more."""
    client = await server.socket(max_queue=1)
    await client.hello(session=session)
    client.socket.transport.pause_reading()
    return client


async def test_a_reader_that_stops_is_disconnected_without_affecting_others(
    tight: Server,
) -> None:
    ada = await tight.client(session="stall")
    bob = await tight.client(session="stall")
    sleeper = await stalled(tight, "stall")
    before = len(tight.engine.sockets)
    sent = 0
    while len(tight.engine.sockets) == before:
        sent += 1
        reply = await ada.reply("say", {"text": f"{sent} {PAYLOAD}"})
        assert reply["state"] == "say"
        assert sent < 10_000
        heard = await bob.until("say")
        assert heard["data"]["text"].startswith(f"{sent} ")
    for connection in tight.engine.sockets:
        assert connection.waiting <= 200_000
    sleeper.socket.transport.resume_reading()
    assert await sleeper.closed() in (4508, 1006)
    await ada.close()
    await bob.close()


async def test_a_slow_consumer_is_told_and_may_resume(gates: Gates) -> None:
    settings = setup(outbox_bytes=100_000, write_timeout=20.0)
    async with serving(make_engine(states(gates), settings)) as server:
        ada = await server.client(session="told")
        sleeper = await stalled(server, "told")
        await ada.until("joined")
        while len(server.engine.sockets) == 2:
            await ada.reply("say", {"text": PAYLOAD})
            assert max(one.waiting for one in server.engine.sockets) <= 100_000
        sleeper.socket.transport.resume_reading()
        last = sleeper.initialised["seq"]
        with suppress(Closed):
            while True:
                last = (await sleeper.receive()).get("seq", last)
        assert sleeper.socket.close_code == 4508
        again = await server.client(**sleeper.resume(last))
        assert again.participant == sleeper.participant
        if again.initialised["recovered"]:
            missed = [f["seq"] for f in await again.quiet() if "seq" in f]
            assert missed == list(range(last + 1, again.initialised["seq"] + 1))
        await again.close()
        await ada.close()


async def test_messages_that_are_not_retained_are_dropped_first(gates: Gates) -> None:
    settings = setup(outbox_bytes=100_000, write_timeout=30.0)
    async with serving(make_engine(states(gates), settings)) as server:
        ada = await server.client(session="drop")
        sleeper = await stalled(server, "drop")
        connection = server.member(sleeper).connection
        assert connection is not None
        for _ in range(700):
            await ada.reply("cursor", {"text": PAYLOAD})
            await ada.reply("place", {"text": PAYLOAD})
        assert connection.verdict is None
        assert 0 < connection.waiting <= 100_000
        await ada.reply("say", {"text": "at last"})
        sleeper.socket.transport.resume_reading()
        seen = sleeper.initialised["seq"]
        dropped = 0
        while (frame := await sleeper.receive())["state"] != "say":
            if frame["state"] == "skipped":
                dropped += frame["data"]["through"] - seen
                seen = frame["data"]["through"]
            else:
                assert frame["seq"] == seen + 1
                seen = frame["seq"]
        assert dropped > 100
        assert (frame["seq"], frame["data"]["text"]) == (seen + 1, "at last")
        await sleeper.close()
        await ada.close()


async def test_a_reply_to_the_own_request_is_never_dropped(gates: Gates) -> None:
    settings = setup(outbox_bytes=100_000, write_timeout=30.0)
    async with serving(make_engine(states(gates), settings)) as server:
        ada = await server.client(session="own")
        sleeper = await stalled(server, "own")
        connection = server.member(sleeper).connection
        assert connection is not None
        while connection.waiting < 50_000:
            await ada.reply("cursor", {"text": PAYLOAD})
        await sleeper.ask("glance", {"text": "mine"}, id="g")
        for _ in range(60):
            await ada.reply("cursor", {"text": PAYLOAD})
        sleeper.socket.transport.resume_reading()
        assert (await sleeper.until("glance"))["data"] == {"text": "mine"}
        sleeper.lose()
        await ada.close()


async def test_a_stream_never_runs_ahead_of_its_reader(gates: Gates) -> None:
    settings = setup(outbox_bytes=150_000, write_timeout=5.0)
    async with serving(make_engine(states(gates), settings)) as server:
        client = await server.socket(max_queue=1)
        await client.hello()
        client.socket.transport.pause_reading()
        await client.ask("flood", {"upto": 4000}, id="f")
        (connection,) = server.engine.sockets
        # Another client's answers are the clock: the stream has had many turns by the last one.
        async with await server.client() as other:
            while connection.waiting < 65536:
                await other.quiet()
            for _ in range(20):
                await other.quiet()
        assert connection.verdict is None
        assert connection.waiting < 80_000
        client.socket.transport.resume_reading()
        frames = [await client.receive() for _ in range(4001)]
        assert [f.get("more", False) for f in frames] == [True] * 4000 + [False]
        await client.close()


async def test_a_message_to_many_is_encoded_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from duplex.wire.entries import Entry

    clients = [await server.client(session="many") for _ in range(20)]
    for client in clients:
        await client.quiet()
    encoded: list[str] = []
    encode = Entry.for_others

    def counting(entry: Entry) -> bytes:
        encoded.append(entry.state)
        return encode(entry)

    monkeypatch.setattr(Entry, "for_others", counting)
    await clients[0].ask("say", {"text": "all"})
    heard = [await client.until("say") for client in clients]
    assert len({json.dumps(f["data"]) for f in heard}) == 1
    assert encoded.count("say") == 1
    for client in clients:
        await client.close()

"""Promises 6 and 7, the server's half: leaving is polite, half-open is found."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import duplex
import pytest
from duplex import Registry, state
from duplex.requests import running
from duplex.rooms import engine
from duplex.socket.transport import PreparedTransport
from duplex_dev.client import Closed
from duplex_dev.testing.servers import Valkey

from tests.engine.states import Gates, Text, states
from tests.engine.support import (
    PATIENCE,
    Client,
    Frame,
    Notes,
    Server,
    make_engine,
    serving,
    setup,
)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are closed at the first moment of the window."""

    def first(begin: float, end: float) -> float:
        return begin

    monkeypatch.setattr("duplex.rooms.engine.random.uniform", first)


@pytest.fixture
async def patient(gates: Gates, at_once: None) -> AsyncGenerator[Server]:
    """A server that has a minute to stop, and pings often."""
    settings = setup(drain=60.0, heartbeat=0.5)
    async with serving(make_engine(states(gates), settings)) as running:
        yield running


async def test_a_draining_server_announces_it_and_closes_connections_at_random_moments(
    patient: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[tuple[float, float]] = []

    def draw(begin: float, end: float) -> float:
        windows.append((begin, end))
        return len(windows) / 10

    monkeypatch.setattr("duplex.rooms.engine.random.uniform", draw)
    clients = [await patient.client() for _ in range(12)]
    now = asyncio.get_running_loop().time
    start = now()
    patient.uvicorn.should_exit = True

    async def end(client: Client) -> tuple[int, float]:
        assert (await client.until("draining"))["data"] == {"within": 60.0}
        code = await client.closed()
        return code, now() - start

    ends = await asyncio.gather(*(end(client) for client in clients))
    assert {code for code, _ in ends} == {4503}
    assert windows == [(0, 54.0)] * len(clients)
    # No connection ends before its moment.
    for number, after in enumerate(sorted(after for _, after in ends), start=1):
        assert after >= number / 10


async def test_a_running_request_is_finished_before_the_server_stops(
    patient: Server, gates: Gates
) -> None:
    ada = await patient.client()
    await ada.ask("hold", {"text": "finish"}, id="f")
    await gates.entered["finish"].wait()
    patient.engine.begin_drain()
    await ada.until("draining")
    assert await ada.quiet() == []
    gates.open["finish"].set()
    assert (await ada.until("hold"))["id"] == "f"
    assert await ada.closed() == 4503


async def test_a_stream_that_ends_in_time_is_complete_when_the_server_stops(
    patient: Server, gates: Gates
) -> None:
    ada = await patient.client()
    await ada.ask("feed", {"text": "short"}, id="s")
    await gates.entered["short"].wait()
    patient.engine.begin_drain()
    await ada.until("draining")
    assert await ada.quiet() == []
    gates.open["short"].set()
    last = await ada.until("feed")
    assert (last["id"], last["data"], last.get("more")) == ("s", None, None)
    assert await ada.closed() == 4503


@pytest.mark.parametrize("state", ["feed", "tick"])
async def test_a_longer_stream_is_interrupted_when_the_server_stops_and_everybody_is_told(
    shared_valkey: Valkey, gates: Gates, state: str
) -> None:
    settings = setup(drain=0.2, broker_url=shared_valkey.url)
    room = f"drain-{state}"
    async with (
        serving(make_engine(states(gates), settings)) as second,
        serving(make_engine(states(gates), settings)) as first,
        await second.client(session=room) as bob,
    ):
        ada, eve = [await first.client(session=room) for _ in range(2)]
        for one in (ada, eve):
            await one.ask(state, {"text": "on"}, id="s")
            assert (await one.until(state))["more"]
        # Participants without a connection learn of it only from the log.
        eve.lose()
        await first.engine.drain()
        mine = [frame async for frame in frames_to_the_end(ada)]
        assert [one["code"] for one in mine if one["state"] == "error"] == ["interrupted"]
        assert ada.socket.close_code == 1012

        again = await second.client(**ada.resume(seq_of(mine)))
        assert again.initialised["recovered"]
        assert (await again.reply(state, {"text": "on"}, id="s"))["code"] == "interrupted"
        back = await second.client(**eve.resume())
        assert back.initialised["recovered"]
        await back.ask(state, {"text": "on"}, id="s")
        assert (await back.until("error"))["code"] == "interrupted"
        heard = [frame for frame in await bob.quiet() if frame["state"] == state]
        if state == "tick":
            assert heard == []
        else:
            assert gates.runs == ["on", "on"]
            for who in (ada, eve):
                said = [frame for frame in heard if frame["from"] == who.participant]
                assert [frame.get("more") for frame in said] == [True, None]
        for one in (again, back):
            await one.close()


@state("deaf", to="sender")
async def deaf(session: duplex.Session[Notes]) -> AsyncGenerator[Text]:
    """A stream that ignores its first cancellation."""
    yield Text()
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(600)
    await asyncio.sleep(600)


async def test_a_stream_that_ignores_its_end_delays_no_connection_and_the_process_only_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "DRAIN_PATIENCE", 0.2)
    settings = setup(drain=1.0, write_timeout=100 * PATIENCE)
    async with asyncio.timeout(PATIENCE):
        async with serving(make_engine(Registry([deaf]), settings)) as server:
            ada = await server.client()
            await ada.ask("deaf", id="d")
            await ada.until("deaf")
            server.uvicorn.should_exit = True
            await ada.until("draining")
            assert await ada.closed() == 1012


async def test_a_stream_that_ignores_its_end_delays_the_announcement_of_a_departure_only_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "CLEANUP_TIME", 0.2)
    async with serving(make_engine(Registry([deaf]), setup(write_timeout=60.0))) as server:
        ada = await server.client(session="deaf")
        bob = await server.client(session="deaf")
        await ada.ask("deaf", id="d")
        await ada.until("deaf")
        await ada.leave()
        async with asyncio.timeout(PATIENCE):
            assert (await bob.until("left"))["data"]["participant"] == ada.participant
        await bob.close()


async def test_a_peer_that_reads_nothing_delays_the_process_only_a_moment(
    gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "DRAIN_CLOSING", 0.3)
    settings = setup(drain=0.1, write_timeout=60.0)
    async with serving(make_engine(states(gates), settings)) as server:
        mute = await server.socket(max_queue=1)
        await mute.hello()
        mute.socket.transport.pause_reading()
        connection = server.member(mute).connection
        assert connection is not None
        async with await server.client(session=mute.session) as ada:
            while not connection.transport.paused:
                await ada.reply("say", {"text": "x" * 60_000})
        async with asyncio.timeout(PATIENCE):
            await server.engine.drain()
        mute.lose()


async def frames_to_the_end(client: Client) -> AsyncGenerator[Frame]:
    """The frames that a client receives until its connection is closed."""
    with suppress(Closed):
        while True:
            yield await client.receive()


def seq_of(frames: list[Frame]) -> int:
    """The last number among these."""
    return max(frame.get("seq", 0) for frame in frames)


async def test_a_draining_server_accepts_no_new_participant(patient: Server, gates: Gates) -> None:
    ada = await patient.client()
    patient.engine.begin_drain()
    late = await patient.socket()
    assert (await late.receive())["state"] == "error"
    assert await late.closed() == 1012
    await ada.close()


async def test_a_dead_peer_is_detected(patient: Server) -> None:
    async with await patient.client(session="dead") as ada:
        ghost = await patient.client(session="dead")
        await ada.until("joined")
        ghost.socket.transport.pause_reading()
        connections = patient.engine.sockets
        async with asyncio.timeout(PATIENCE):
            while len(connections) == 2:
                await ada.quiet()
        ghost.lose()


async def test_a_peer_counts_as_dead_within_two_heartbeats_of_silence_but_not_after_one(
    gates: Gates,
) -> None:
    settings = setup(heartbeat=100 * PATIENCE, idle=0.0)
    async with (
        serving(make_engine(states(gates), settings)) as server,
        await server.client() as ada,
    ):
        connection = server.member(ada).connection
        assert connection is not None
        now = asyncio.get_running_loop().time()
        connection.check(now + 1.5 * settings.options.heartbeat)
        assert await ada.quiet() == []
        connection.check(now + 2.5 * settings.options.heartbeat)
        assert await ada.closed() == 1006


async def test_any_frame_and_any_pong_keep_a_connection_alive(
    patient: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # websockets answers pings by itself, like a browser: a silent page that reads stays connected.
    async with await patient.client() as ada:
        ping, pings = PreparedTransport.ping, asyncio.Semaphore(0)

        def count(self: PreparedTransport) -> None:
            pings.release()
            ping(self)

        monkeypatch.setattr(PreparedTransport, "ping", count)
        async with asyncio.timeout(PATIENCE):
            for _ in range(3):
                await pings.acquire()
        assert await ada.quiet() == []


async def test_a_client_that_stops_pinging_is_dropped_on_servers_that_cannot_ping(
    gates: Gates,
) -> None:
    settings = setup(heartbeat=0.2)
    async with serving(make_engine(states(gates), settings), prepared=False) as server:
        quiet = await server.client()
        pings = await server.client()
        await pings.quiet()
        with pytest.raises(Closed):
            await pings.receive()
        assert await quiet.quiet() == []
        await quiet.close()

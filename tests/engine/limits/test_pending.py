"""Promise 4: the bytes that wait for all connections of one account or address are bounded too."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from duplex.identity import Identity
from duplex.socket.connection import Connection, Phase
from duplex.socket.pending import PART, PendingBytes
from duplex.socket.uvicorn_protocol import PreparedProtocol
from websockets.frames import Opcode

from tests.engine.raw import Raw, masked
from tests.engine.states import Gates, states
from tests.engine.support import PATIENCE, Client, Server, make_engine, serving, setup

MOST = 2**20
LONG = "x" * 60_000
MANY = 20


@pytest.fixture(scope="module", params=["prepared", "asgi"])
async def tight(request: pytest.FixtureRequest, gates: Gates) -> AsyncGenerator[Server]:
    settings = setup(pending_bytes=MOST, write_timeout=20.0)
    async with serving(
        make_engine(states(gates), settings), prepared=request.param == "prepared"
    ) as running:
        yield running


async def stalled(server: Server, **hello: str) -> Client:
    """A participant that reads nothing but its `initialised`."""
    client = await server.socket(max_queue=1)
    await client.hello(**hello)
    client.socket.transport.pause_reading()
    return client


def connection_of(server: Server, client: Client) -> Connection:
    connection = server.member(client).connection
    assert connection is not None
    return connection


async def test_many_slow_readers_of_one_address_share_a_bound(tight: Server) -> None:
    slow = [await stalled(tight, session="many") for _ in range(MANY)]
    other = await stalled(tight, session="many", token="bob")
    other_connection = connection_of(tight, other)
    connections = [connection_of(tight, client) for client in slow]
    async with (
        await tight.client(session="many", token="ada") as ada,
        await tight.client(session="many") as reads,
    ):
        kept = 0
        while sum(one.verdict is None for one in connections) > 5:
            assert (await ada.reply("say", {"text": LONG}))["state"] == "say"
            assert (await reads.until("say"))["data"]["text"] == LONG
            kept = sum(one.pending for one in connections)
            assert kept <= MOST + MANY * 2 * PART
        assert kept > 0
        assert {one.verdict for one in connections} == {None, 4508}
        assert other_connection.verdict is None
        assert other_connection.pending > PART
        for client, connection in zip(slow, connections, strict=True):
            if connection.verdict is not None:
                client.socket.transport.resume_reading()
                assert await client.closed() in (4508, 1006)
        for client in [*slow, other]:
            client.lose()
        async with asyncio.timeout(PATIENCE):
            while any(one.phase is not Phase.CLOSED for one in connections):
                await reads.quiet()


async def test_waiting_requests_of_one_address_share_a_bound(tight: Server, gates: Gates) -> None:
    clients = [await tight.client(session="queues") for _ in range(4)]
    for number, client in enumerate(clients):
        await client.ask("hold", {"text": "all"}, id=f"{number}")
    for client in clients:
        for number in range(30):
            await client.ask("whisper", {"text": LONG}, id=f"w{number}")
    async with await tight.client(session="queues", token="bob") as bob:
        await bob.ask("hold", {"text": "all"}, id="b")
        await bob.ask("whisper", {"text": LONG}, id="w")
        # Short requests are always accepted.
        await clients[-1].ask("whisper", {"text": "short"}, id="short")
        refused = [await refusals(client) for client in clients]
        kept = sum(tight.member(client).requests.pending for client in clients)
        assert MOST - 4 * PART - len(LONG) < kept <= MOST + 4 * PART
        gates.open["all"].set()
        for client, ids in zip(clients, refused, strict=True):
            wanted = {f"w{number}" for number in range(30)} - ids
            frames = await client.quiet()
            answered = {frame["id"] for frame in frames if frame["state"] == "whisper"}
            assert answered - {"short"} == wanted
        assert sum(map(len, refused)) > 80
        await bob.until("whisper")
    # Requests that were answered no longer count.
    async with asyncio.timeout(PATIENCE):
        while len(tight.engine.sockets.pending):
            await clients[0].quiet()
    assert (await clients[0].reply("whisper", {"text": LONG}))["state"] == "whisper"
    for client in clients:
        await client.close()


async def refusals(client: Client) -> set[str]:
    """The ids of the requests that were refused so far."""
    frames = await client.quiet()
    return {frame["id"] for frame in frames if frame.get("code") == "too_many"}


async def test_long_messages_are_not_read_ahead(gates: Gates) -> None:
    """While a hello is being checked, at most two long messages of its client are in memory."""
    engine = make_engine(states(gates))
    known = engine.authentication.authenticate

    async def slowly(token: str | None) -> Identity:
        await gates.wait("checked")
        return await known(token)

    engine.authentication.authenticate = slowly
    async with serving(engine) as server:
        raw = await Raw.connect(server.url)
        raw.writer.write(masked(Opcode.TEXT, b"{}"))
        await gates.entered["checked"].wait()
        (protocol,) = server.uvicorn.server_state.connections
        frame = b'{"state":"whisper","data":{"text":"%b"}}' % LONG.encode()
        for _ in range(12):
            raw.writer.write(masked(Opcode.TEXT, frame))
            await asyncio.sleep(0)
        async with await server.socket() as other:
            # Its handshake takes several turns of the server.
            await other.socket.ping()
        assert isinstance(protocol, PreparedProtocol)
        ahead = protocol.queue.qsize()
        gates.open["checked"].set()
        assert (await raw.text())["state"] == "initialised"
        for _ in range(12):
            assert (await raw.text())["state"] == "whisper"
        assert 0 < ahead <= 2
        raw.writer.close()


class Holding:
    """A connection or a queue that keeps so much."""

    def __init__(self, pending: int = 0, owner: str = "ada") -> None:
        self.pending = pending
        self.owner = owner

    def fall_behind(self) -> None:
        self.pending = 0


def test_the_readers_with_most_are_dropped_first() -> None:
    pending = PendingBytes(10 * PART)
    first, second, third = Holding(4 * PART), Holding(5 * PART), Holding(3 * PART)
    other = Holding(10 * PART, "bob")
    for reader in (first, second, other, third):
        pending.keep(reader)
    assert (first.pending, second.pending, third.pending) == (4 * PART, 0, 3 * PART)
    assert other.pending == 10 * PART
    # Requests are refused instead: nothing is dropped for them.
    assert not pending.fits("ada", Holding(), 3 * PART)
    assert pending.fits("ada", Holding(), 2 * PART)
    assert not pending.fits("ada", Holding(), 2 * PART)
    assert pending.fits("ada", Holding(), PART)


def test_the_addresses_of_an_ipv6_network_share_a_bound() -> None:
    pending = PendingBytes(5 * PART)
    around = [f"2001:db8:1:{number:x}::/64" for number in range(6)]
    readers = [Holding(4 * PART, address) for address in around]
    for reader in readers:
        pending.keep(reader)
    assert [reader.pending > 0 for reader in readers].count(True) == 5
    assert not pending.fits("2001:db8:1:ff::/64", Holding(), 2 * PART)
    assert pending.fits("2001:db8:2::/64", Holding(), 2 * PART)
    for reader in readers:
        reader.pending = 0
        pending.keep(reader)
    assert pending.fits("2001:db8:1:ff::/64", Holding(), 2 * PART)
    pending.tidy()
    assert len(pending) == 0


def test_a_reader_that_was_dropped_for_its_address_does_not_count_for_the_network() -> None:
    pending = PendingBytes(5 * PART)
    around = [f"2001:db8:1:{number:x}::/64" for number in range(4)]
    others = [Holding(5 * PART, address) for address in around[1:]]
    first, second = Holding(3 * PART, around[0]), Holding(4 * PART, around[0])
    for reader in (*others, first, second):
        pending.keep(reader)
    assert (first.pending, second.pending) == (3 * PART, 0)
    assert all(reader.pending for reader in others)


def test_a_reader_may_have_been_counted_before_its_account_was_known() -> None:
    pending = PendingBytes(10 * PART)
    first, second = Holding(8 * PART, "address"), Holding(5 * PART, "address")
    pending.keep(first)
    first.owner = "account"
    pending.keep(second)
    assert (first.pending, second.pending) == (0, 5 * PART)


class CountedOwners(dict[str, Any]):
    """Counts how many owners are looked at."""

    looks = 0

    def __contains__(self, owner: object) -> bool:
        self.looks += 1
        return super().__contains__(owner)

    def __getitem__(self, owner: str) -> Any:
        self.looks += 1
        return super().__getitem__(owner)

    def setdefault(self, owner: str, default: Any = None, /) -> Any:
        self.looks += 1
        return super().setdefault(owner, default)

    def values(self) -> Any:
        self.looks += len(self)
        return super().values()


def test_dropping_a_reader_costs_the_same_with_many_owners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pending = PendingBytes(10 * PART)
    owners = CountedOwners()
    monkeypatch.setattr(pending, "_owners", owners)
    for number in range(10_000):
        pending.keep(Holding(2 * PART, f"account {number}"))
    owners.looks = 0
    readers = [Holding(9 * PART) for _ in range(20)]
    for reader in readers:
        pending.keep(reader)
    assert sum(reader.pending > 0 for reader in readers) == 1
    assert owners.looks < 5 * len(readers)


def test_bytes_that_are_not_kept_any_more_are_not_counted() -> None:
    pending = PendingBytes(10 * PART)
    reader, queue = Holding(9 * PART), Holding()
    pending.keep(reader)
    assert not pending.fits("ada", queue, 2 * PART)
    reader.pending = PART
    pending.keep(reader)
    assert pending.fits("ada", queue, 9 * PART)
    queue.pending = 8 * PART
    pending.tidy()
    assert not pending.fits("ada", Holding(), 2 * PART)
    queue.pending = 0
    pending.tidy()
    assert len(pending) == 0


def test_without_a_limit_everything_fits() -> None:
    pending = PendingBytes(0)
    reader = Holding(10**9)
    pending.keep(reader)
    assert pending.fits("ada", Holding(), 10**9)
    assert (reader.pending, len(pending)) == (10**9, 0)

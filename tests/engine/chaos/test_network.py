"""Servers and their store under a bad network, readers that stop, and a crowd."""

import asyncio
from collections.abc import AsyncGenerator
from random import Random

import pytest
from duplex.wire.protocol import Close
from duplex_dev.testing.network import storm
from duplex_dev.testing.promises.crowd import settle
from duplex_dev.testing.servers import Valkey

from tests.engine.chaos.conftest import TIMERS
from tests.engine.chaos.servers import QUICK, Place, Waits, anywhere, directly, places
from tests.engine.chaos.talk import conversation, unique, verdict
from tests.engine.chaos.talker import Talker
from tests.engine.support import Setup, setup

ON_EVERY_BROKER = pytest.mark.parametrize("broker", ["memory", "valkey"])


@pytest.fixture
def settings() -> Setup:
    """Short timers, so that both sides soon notice what does not answer."""
    return setup(**TIMERS)


@pytest.fixture
def patient() -> Setup:
    """Timers that are longer than a test, and little room for a reader that is behind."""
    return setup(write_timeout=5.0, outbox_bytes=200_000)


@pytest.fixture
async def found(
    broker: str, request: pytest.FixtureRequest, durable: Valkey
) -> AsyncGenerator[list[Place]]:
    """One server in memory, or two on Valkey."""
    patient = "patient" in request.fixturenames
    settings: Setup = request.getfixturevalue("patient" if patient else "settings")
    count, port = (1, None) if broker == "memory" else (2, durable.port)
    async with places(count, settings, port, Waits() if patient else QUICK) as made:
        yield made


@ON_EVERY_BROKER
async def test_no_message_is_lost_on_a_bad_network_between_clients_and_servers(
    found: list[Place], chance: Random
) -> None:
    async with conversation(5, unique(), anywhere(found, chance), chance):
        storms = (storm(place.network, chance, 1.2) for place in found)
        for number, done in enumerate(await asyncio.gather(*storms)):
            print(f"network {number}: {', '.join(done)}")


@pytest.mark.parametrize("broker", ["valkey"])
async def test_no_message_is_lost_on_a_bad_network_between_servers_and_store(
    found: list[Place], chance: Random
) -> None:
    async with conversation(5, unique(), anywhere(found, chance), chance):
        storms = (storm(place.store, chance, 1.2) for place in found if place.store is not None)
        for number, done in enumerate(await asyncio.gather(*storms)):
            print(f"store of {number}: {', '.join(done)}")


@ON_EVERY_BROKER
async def test_two_hundred_clients_that_resume_at_once_miss_nothing(
    patient: Setup, found: list[Place], chance: Random
) -> None:
    session, dial = unique(), directly(found, chance)
    talkers = [Talker(f"t{n}", f"{session}-{n % 20}", dial, chance) for n in range(200)]
    async with asyncio.TaskGroup() as group:
        for one in talkers:
            group.create_task(one.__aenter__())
    try:
        await asyncio.gather(*(one.is_open() for one in talkers))
        for one in talkers:
            one.ask(chance.choice(["say", "note"]))
        for one in talkers:
            one.lose()
        for one in talkers:
            one.ask("say")
        await settle(talkers)
        verdict([one.record for one in talkers])
        assert all(len(one.record.openings) > 1 for one in talkers)
    finally:
        await asyncio.gather(*(one.__aexit__() for one in talkers))


@ON_EVERY_BROKER
async def test_a_reader_that_stops_is_disconnected_and_resumes_without_delaying_others(
    patient: Setup, found: list[Place], chance: Random
) -> None:
    session, dial = unique(), directly(found, chance)
    engines = [place.server.engine for place in found]
    async with (
        Talker("sleeper", session, dial, chance) as sleeper,
        Talker("ada", session, dial, chance) as ada,
        Talker("bob", session, dial, chance) as bob,
    ):
        talkers = [sleeper, ada, bob]
        await asyncio.gather(*(one.is_open() for one in talkers))
        sleeper.stop_reading()
        slowest, said = 0.0, 0
        loop = asyncio.get_running_loop()
        while sum(len(engine.sockets) for engine in engines) == len(talkers):
            since = loop.time()
            speaker = chance.choice([ada, bob])
            reply = await speaker.ask("say", text=f"{said} {'x' * 30_000}")
            await asyncio.gather(*(one.has_seen(reply["seq"]) for one in (ada, bob)))
            slowest, said = max(slowest, loop.time() - since), said + 1
            assert said < 2000
        sleeper.read_on()
        await settle(talkers)
        verdict([one.record for one in talkers])
        assert sleeper.record.closes == [Close.SLOW]
        assert ada.record.closes == bob.record.closes == []
        assert slowest < patient.options.write_timeout

"""No message is lost, duplicated or out of order, whatever fails below the application."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from random import Random, SystemRandom
from tempfile import TemporaryDirectory

import pytest

from duplex import Application, Settings
from duplex_dev.commands.replay import replay
from duplex_dev.project import BACKEND
from duplex_dev.replay.recording import read
from duplex_dev.testing import Admit, NewSessionId, SignIn
from duplex_dev.testing.network import storm
from duplex_dev.testing.promises.crowd import Crowd, Requests
from duplex_dev.testing.servers import Servers, Valkey, serving

SEED = int(os.environ.get("CHAOS_SEED") or SystemRandom().randrange(10**9))
"""The seed repeats the actions, not the timing of the processes."""

RECORDINGS = sorted((BACKEND / "tests" / "conversations").glob("*.json"))


@pytest.fixture
def chance() -> Random:
    """The source of all random choices of a test."""
    print(f"again: CHAOS_SEED={SEED}")
    return Random(SEED)


@pytest.fixture
def crowd(
    application: Application,
    sign_in: SignIn,
    admit: Admit,
    new_session_id: NewSessionId,
    chance: Random,
) -> Crowd:
    """Five participants who send valid requests of the application's states."""
    requests = Requests.of(application)
    for name, reason in requests.left_out.items():
        print(f"not sent: {name}: {reason}")
    assert requests.samples, "no state can be sent; see above"
    return Crowd(requests, sign_in, admit, new_session_id, chance)


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A store that outlives the servers."""
    with TemporaryDirectory(prefix="valkey-") as folder:
        server = Valkey(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
async def one_server(settings: Settings, tmp_path: Path) -> AsyncGenerator[Servers]:
    """One server that keeps its sessions in memory."""
    async with serving(1, settings, tmp_path, "memory://") as servers:
        yield servers
        assert servers.tracebacks() == []


@pytest.fixture
async def two_servers(
    settings: Settings, tmp_path: Path, valkey: Valkey
) -> AsyncGenerator[Servers]:
    """Two servers on one store."""
    async with serving(2, settings, tmp_path, valkey.url) as servers:
        yield servers
        assert servers.tracebacks() == []


async def test_a_network_that_fails_loses_nothing(
    crowd: Crowd, one_server: Servers, chance: Random
) -> None:
    async with crowd.talking(one_server.anywhere(chance)):
        await asyncio.gather(*(storm(one, chance, 3.0) for one in one_server.networks))


async def test_a_network_that_fails_before_two_servers_loses_nothing(
    crowd: Crowd, two_servers: Servers, chance: Random
) -> None:
    async with crowd.talking(two_servers.anywhere(chance)):
        await asyncio.gather(*(storm(one, chance, 3.0) for one in two_servers.networks))


async def test_a_killed_server_loses_nothing(
    crowd: Crowd, two_servers: Servers, chance: Random
) -> None:
    async with crowd.talking(two_servers.anywhere(chance)) as participants:
        for _ in range(2):
            victim = chance.choice(two_servers.all)
            seen = max(one.seen for one in participants)
            await two_servers.kill(victim)
            # The others continue before it returns.
            await asyncio.gather(*(one.is_open() for one in participants))
            await participants[0].has_seen(seen)
            await two_servers.start(victim)


async def test_a_server_that_is_replaced_loses_nothing(
    crowd: Crowd, two_servers: Servers, chance: Random
) -> None:
    async with crowd.talking(two_servers.anywhere(chance)) as participants:
        leaving = chance.choice(two_servers.all)
        await two_servers.stop(leaving)
        await asyncio.gather(*(one.is_open() for one in participants))
        await two_servers.start(leaving)
    codes = {code for one in participants for code in one.record.closes}
    assert codes <= {1006, 1012, 4503}


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
async def test_a_recorded_conversation_goes_as_recorded(
    file: Path,
    two_servers: Servers,
    sign_in: SignIn,
    admit: Admit,
    new_session_id: NewSessionId,
) -> None:
    ada = await sign_in("ada")
    for server in two_servers.all:
        session = new_session_id()
        await admit(session, ada)
        outcome = await replay(read(file), server.url, ada.token, session=session)
        assert not outcome.differences, outcome.report()

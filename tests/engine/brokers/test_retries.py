"""Releases that fail are retried, and calls are not given up too early."""

import asyncio
from functools import partial
from typing import cast
from uuid import uuid4

import pytest
from duplex.brokers.base import BrokerUnavailable, Claim, Presence, Retention
from duplex.brokers.redis.broker import RedisBroker
from duplex.brokers.redis.control import identify
from duplex.brokers.redis.link import Link
from duplex_dev.testing.network import Proxy
from duplex_dev.testing.servers import Valkey

from tests.engine.brokers.processes import Open, lease_of
from tests.engine.brokers.promises import joined
from tests.engine.brokers.support import PATIENCE, eventually

RETENTION = Retention(seconds=60.0, grace=0.2)
BEAT = 0.2
"""Seconds between two beats of these processes."""


@pytest.fixture
def process(process: Open) -> Open:
    """Processes that beat often."""
    return partial(process, retention=RETENTION, lease=3 * BEAT)


async def test_a_lock_granted_during_a_reconnect_is_released(
    durable: Valkey, process: Open, room: str
) -> None:
    """The store gives it to one who gave up waiting, and the answer must not be lost."""
    first = await process(durable.url)
    await joined(first, room, "ada")
    await first.broker.lock(room, 3600)
    queued = asyncio.create_task(first.broker.lock(room, 3600))
    await asyncio.sleep(0)
    await first.broker.present(room)
    durable.kill()
    with pytest.raises(BrokerUnavailable):
        await queued
    # The holder releases it, but the store is unreachable.
    assert isinstance(first.broker, RedisBroker)
    first.broker.lease.holdings.locks.clear()
    durable.start()
    await first.record.until(lambda: ("up",) in first.record.events)
    async with asyncio.timeout(PATIENCE):
        await first.broker.unlock(await first.broker.lock(room, 5))


async def test_releases_that_a_full_store_refused_are_repeated_later(
    forgetful: Valkey, process: Open, room: str
) -> None:
    """The connection stays, so no reconnect settles it."""
    first, second = await process(forgetful.url), await process(forgetful.url)
    ada = await joined(first, room, "ada")
    await joined(second, room, "bob")
    assert await first.broker.claim(room, "ada", "1", 0) == Claim("new")
    lock = await first.broker.lock(room, 3600)
    await lease_of(first).link.call("CONFIG", "SET", "maxmemory", "1")
    for call in (
        first.broker.release(room, "ada", "1"),
        first.broker.unlock(lock),
        first.broker.drop(room, ada.participant, "ada-1"),
    ):
        with pytest.raises(BrokerUnavailable):
            await call
    await lease_of(first).link.call("CONFIG", "SET", "maxmemory", "0")
    async with asyncio.timeout(PATIENCE):
        assert await second.broker.claim(room, "ada", "1", PATIENCE) == Claim("new")
        await second.broker.unlock(await second.broker.lock(room, 5))
    await eventually(
        lambda: second.broker.present(room), lambda people: people == [Presence("bob", "Bob")]
    )
    assert ("down",) not in first.record.events


async def test_a_slow_connect_does_not_shorten_the_timeout_of_calls(
    valkey: Valkey, process: Open
) -> None:
    proxy = Proxy(valkey.port)
    await proxy.start()
    proxy.delay = 0.1
    first = await process(proxy.url)
    proxy.delay = 0.0

    async def margin() -> float:
        """Milliseconds that a call made now has left when it gets to the server."""
        at = int(lease_of(first).link.latest)
        seconds, microseconds = await lease_of(first).link.call("TIME")
        return at - int(seconds) * 1000 - int(microseconds) / 1000

    await eventually(margin, lambda ms: ms > 1950)
    await proxy.stop()


class Loading:
    """A server that still reads its append-only file."""

    async def call(self, *_: str) -> bytes:
        return b"run_id:1\r\nloading:1\r\naof_enabled:0\r\nrole:master\r\n"


async def test_a_store_that_is_loading_is_not_asked_for_its_persistence() -> None:
    """It reports no append-only file; a broker that believed it would give up all sessions."""
    with pytest.raises(BrokerUnavailable):
        await identify(cast("Link", Loading()))


async def test_watching_a_room_does_not_wait_for_another(valkey: Valkey, process: Open) -> None:
    first = await process(valkey.url)
    asked = 0
    subscribe = lease_of(first).link.subscribe
    all_asked = asyncio.Event()

    async def together(channels: list[bytes]) -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            all_asked.set()
        await all_asked.wait()
        await subscribe(channels)

    lease_of(first).link.subscribe = together  # pyright: ignore[reportAttributeAccessIssue]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(first.broker.watch(uuid4().hex) for _ in range(3)))

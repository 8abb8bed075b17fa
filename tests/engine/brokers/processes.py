"""Processes for the tests of faults: opened at a URL, watched, and closed after the test."""

from collections.abc import Awaitable, Callable

from duplex.brokers.base import Retention
from duplex.brokers.redis.broker import RedisBroker
from duplex.brokers.redis.lease import Lease

from tests.engine.brokers.promises import Process

RETENTION = Retention(seconds=60.0, grace=30.0)

Open = Callable[..., Awaitable[Process]]


def lease_of(process: Process) -> Lease:
    """The lease of a process's broker, with its connection and its holdings."""
    assert isinstance(process.broker, RedisBroker)
    return process.broker.lease


async def until_down(*processes: Process) -> None:
    """Wait until every process has learned that the store is unreachable."""
    for one in processes:
        await one.record.until(lambda one=one: ("down",) in one.record.events)


async def until_up(*processes: Process) -> None:
    """Wait until every process has learned that the store is reachable again."""
    for one in processes:
        await one.record.until(lambda one=one: ("up",) in one.record.events)

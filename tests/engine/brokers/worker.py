"""A worker process of the fault tests: joins, claims, holds a field and the lock, until it dies.

Run as `python worker.py URL ROOM GRACE LEASE`; prints `ready` when it has all four.
"""

import asyncio
import sys

from duplex.brokers.base import Commit, Retention
from duplex.brokers.redis.broker import RedisBroker

from tests.engine.brokers.support import Recorder, join_request


async def main(url: str, room: str, grace: float, lease: float) -> None:
    """Hold everything a worker can hold."""
    broker = RedisBroker(url, Retention(seconds=60.0, grace=grace), lease=lease)
    await broker.start(Recorder())
    await broker.watch(room)
    joined = await broker.join(join_request(room, "victim"))
    assert joined is not None
    assert (await broker.claim(room, "victim", "1", 0)).outcome == "new"
    await broker.commit(Commit(room, claim=("victim", "1"), holds={"busy": b'"victim"'}))
    await broker.lock(room, 3600)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))

"""The lease of this process: connects, renews it, takes over from dead workers, reconnects.

A worker is alive while it renews its lease. When one stops, any other reclaims its holdings: its
participants are lost (their grace begins), its claims and locks are free. That step is one script
per room and has no effect the second time, so all workers may run it at once.
"""

import asyncio
import logging
import random
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Final

from pydantic_core import to_json
from redis.exceptions import ResponseError

from duplex.brokers.base import BrokerUnavailable
from duplex.brokers.redis.control import ControlStream, enter_generation, identify, keep_generation
from duplex.brokers.redis.follower import Followed, Follower
from duplex.brokers.redis.holdings import Holdings, PendingReleases, RoomTimers
from duplex.brokers.redis.link import Answer, Link
from duplex.brokers.redis.scripts import ROOM_KEYS, Keyspace, load_scripts, room_ttl
from duplex.brokers.values import Gathering, Retention

logger = logging.getLogger("duplex")

_BATCH: Final = 200
"""Rooms read again in one round trip."""

_LONGEST: Final = 2.0
"""Seconds between two attempts to reconnect, at most."""


class Lease:
    """See the module. `link` is usable exactly while the store is up."""

    def __init__(
        self,
        url: str,
        retention: Retention,
        gathering: Gathering,
        *,
        prefix: str,
        timeout: float,
        seconds: float,
    ) -> None:
        self.holdings = Holdings()
        self.timers = RoomTimers(lambda room: self.spawn(self._settle(room)))
        self.releases = PendingReleases(self.run)
        self.follower = Follower(self.holdings, self._tail, self.timers.schedule, self._return_lock)
        self.scripts = load_scripts(retention, gathering)
        self.keyspace = Keyspace(prefix, "", self.holdings.worker)
        self._control = ControlStream(self.follower.on_control_message)
        self._prefix = prefix
        self._generation: str = ""
        self._url = url
        self._timeout = timeout
        self._seconds = seconds
        self._room_ttl = room_ttl(retention)
        self._link: Link | None = None
        self._connecting: Link | None = None
        self._reason = "not started"
        self._lost = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: Sequence[int] = ()
        self._server = ""

    @property
    def link(self) -> Link:
        """The connection. Raises `BrokerUnavailable` while there is none."""
        if self._link is None:
            raise BrokerUnavailable(self._reason)
        return self._link

    async def run(self, script: str, room: str, *arguments: bytes | str | int) -> Answer:
        """Run a script of a room. Raises `BrokerUnavailable`."""
        return await self._run_on(self.link, script, room, *arguments)

    async def _run_on(
        self, link: Link, script: str, room: str, *arguments: bytes | str | int
    ) -> Answer:
        keys = [self.keyspace.room(room)]
        return await link.run(self.scripts[script], keys, link.latest, *arguments)

    # --- life

    async def start(self) -> None:
        """Connect. Raises `BrokerUnavailable`."""
        self.holdings.rename()
        self._link = await self._connect()
        self._renewing = asyncio.get_running_loop().create_task(self._live())

    async def stop(self) -> None:
        """Release all holdings of this worker, then disconnect."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        tasks = [*self._tasks, *self.follower.stop()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.timers.stop()
        link, self._link, self._reason = self._link, None, "stopped"
        if link is not None:
            with suppress(BrokerUnavailable):
                await self._reclaim(link, self.holdings.worker)
            await link.close("stopped")

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run a background task that may fail with `BrokerUnavailable`."""
        task = asyncio.get_running_loop().create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self) -> None:
        while True:
            await self._renew()
            await self._reconnect()
            self.follower.events.up()
            self.spawn(self.releases.retry())

    async def _renew(self) -> None:
        """Renew the lease until the connection is lost."""
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(self._seconds / 3):
                    await self._lost.wait()
            except TimeoutError:
                try:
                    await self._heartbeat(self.link)
                    await self.releases.retry()
                except BrokerUnavailable as error:
                    # The link failed, which ends the loop; or the store is full, which does not.
                    logger.warning("the lease could not be renewed: %s", error)

    async def _reconnect(self) -> None:
        cap = 0.05
        while self._link is None:
            await asyncio.sleep(random.uniform(0, cap))
            cap = min(cap * 2, _LONGEST)
            with suppress(BrokerUnavailable):
                self._link = await self._connect()

    def _on_down(self, link: Link, reason: str) -> None:
        if link is self._connecting:
            self.follower.disconnected()
        if link is not self._link:
            return
        self._link, self._reason = None, reason
        self._lost.set()
        self.follower.disconnected()
        self.holdings.down(reason)
        self.spawn(link.close(reason))
        self.follower.events.down(reason)

    # --- connecting

    async def _connect(self) -> Link:
        link = Link(self._url, self._timeout, self._on_message, self._on_down)
        self._connecting = link
        await link.open()
        try:
            await self._enter(link)
        except ResponseError as error:
            await link.close(str(error))
            raise BrokerUnavailable(str(error)) from None
        except BaseException as error:
            await link.close(str(error))
            raise
        finally:
            self._connecting = None
        if link.reason is not None:
            raise BrokerUnavailable(link.reason)
        self._lost.clear()
        return link

    async def _enter(self, link: Link) -> None:
        server, durable = await identify(link)
        # After a restart of the server these ids may belong to other clients.
        for former in self._connections if server == self._server else ():
            # Commands of the former connections that the server has not read yet must not run.
            with suppress(ResponseError):
                await link.call("CLIENT", "KILL", "ID", former)
        self._server, self._connections = server, link.ids
        for script in self.scripts.values():
            await link.call("SCRIPT", "LOAD", script.text)
        await self._enter_generation(link, durable)
        await self._subscribe(link)
        await self._heartbeat(link, first=True)
        await self._control.catch_up(link, self.keyspace)
        await self._resync(link)

    async def _subscribe(self, link: Link) -> None:
        """Subscribe in this generation; control messages are buffered until they are caught up."""
        keyspace, rooms = self.keyspace, self.follower.rooms
        self._control.pause()
        channels = [keyspace.control_channel, keyspace.worker_channel]
        await link.subscribe([*channels, *map(keyspace.channel, rooms)])

    async def _enter_generation(self, link: Link, durable: bool) -> None:
        script = self.scripts["generation"]
        found = await enter_generation(link, script, self._prefix, self._server, durable)
        if found == self._generation:
            return
        self._generation = found
        self.keyspace = Keyspace(self._prefix, found, self.holdings.worker)
        self._control.restart()
        for followed in list(self.follower.rooms.values()):
            if followed.epoch:
                self.follower.lose(followed, forgotten=True)
            followed.epoch, followed.seen = b"", 0
        self.holdings.unsettled.clear()

    async def _resync(self, link: Link) -> None:
        """Compare the holdings of this worker with every room, and read what it missed there."""
        holdings, rooms = self.holdings, self.follower.rooms
        wanted = list({*rooms, *holdings.connected, *holdings.unsettled})
        if wanted:
            await self.register(link, wanted)
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            answers = await asyncio.gather(*(self._resync_room(link, room) for room in batch))
            for room, answer in zip(batch, answers, strict=True):
                self.follower.resynced(room, answer)
            followed = [rooms[room] for room in batch if room in rooms]
            tails = await asyncio.gather(*(self._tail_on(link, one) for one in followed))
            for one, answer in zip(followed, tails, strict=True):
                self.follower.caught_up(one, answer)
        holdings.unsettled.clear()

    async def register(self, link: Link, rooms: Sequence[str]) -> None:
        """Record that this worker holds something in these rooms. Raises `BrokerUnavailable`."""
        await link.call("SADD", self.keyspace.worker_rooms, *rooms)
        await link.call("PEXPIRE", self.keyspace.worker_rooms, self._room_ttl)

    async def _resync_room(self, link: Link, room: str) -> Answer:
        held = {
            "worker": self.holdings.worker,
            "fence": self.holdings.fence_in(room),
            "connected": self.holdings.connected.get(room, {}),
            "claims": self.holdings.claims_in(room),
        }
        return await self._run_on(link, "resync", room, to_json(held))

    async def _tail(self, followed: Followed) -> Answer:
        return await self._tail_on(self.link, followed)

    async def _tail_on(self, link: Link, followed: Followed) -> Answer:
        return await self._run_on(link, "tail", followed.room, followed.epoch, followed.seen)

    # --- leases

    async def _heartbeat(self, link: Link, *, first: bool = False) -> None:
        keyspace = self.keyspace
        keys = [keyspace.workers, keyspace.worker_rooms]
        arguments = (self.holdings.worker, round(self._seconds * 1000), self._room_ttl)
        alive, dead = await link.run(self.scripts["heartbeat"], keys, *arguments)
        for worker in dead:
            await self._reclaim(link, worker.decode())
        if first:
            return
        if not alive:
            # This process was blocked for longer than its lease: others took it for dead.
            for followed in self.follower.rooms.values():
                if followed.buffer is None:
                    followed.buffer = []
            await self._enter_generation(link, True)
            # The store may have been emptied: then nothing is published on the old channels.
            await self._subscribe(link)
            await self._control.catch_up(link, self.keyspace)
            await self._resync(link)
        await link.ping()
        await link.measure()
        await self._keep_rooms(link)

    async def _keep_rooms(self, link: Link) -> None:
        """Renew the time to live of rooms with participants of this process."""
        await keep_generation(link, self._prefix)
        for room in list(self.holdings.connected):
            key = self.keyspace.room(room)
            keys = (key, *(b"%b:%b" % (key, name.encode()) for name in ROOM_KEYS))
            await asyncio.gather(*(link.send("PEXPIRE", one, self._room_ttl) for one in keys))

    async def _reclaim(self, link: Link, worker: str) -> None:
        """Free the holdings of a dead worker."""
        keyspace = self.keyspace
        rooms: Iterable[bytes] = await link.call("SMEMBERS", keyspace.rooms_of(worker))
        for room in map(bytes.decode, rooms):
            due = await self._run_on(link, "reclaim", room, worker)
            if worker != self.holdings.worker:
                self.timers.schedule(room, due)
        await link.call("ZREM", keyspace.workers, worker)
        await link.call("UNLINK", keyspace.rooms_of(worker))

    # --- deadlines and locks

    async def _settle(self, room: str) -> None:
        due = await self.run("settle", room)
        if room in self.follower.rooms:
            self.timers.schedule(room, due)

    def _return_lock(self, ticket: str, key: bytes) -> None:
        """The lock was granted to a ticket whose task no longer waits."""
        self.spawn(self.withdraw(self.keyspace.room_of(key), ticket))

    async def withdraw(self, room: str, ticket: str) -> None:
        """Release a lock, or stop waiting for it. Raises `BrokerUnavailable`."""
        await self.releases.release("unlock", room, ticket)

    # --- published messages

    def _on_message(self, channel: bytes, payload: bytes) -> None:
        if channel == self.keyspace.worker_channel:
            self.follower.on_worker_message(payload)
        elif channel == self.keyspace.control_channel:
            _, number, message = payload.split(b" ", 2)
            self._control.receive(number, message)
        else:
            self.follower.on_room_message(self.keyspace.room_of(channel), payload)


async def _quietly(work: Coroutine[object, object, None]) -> None:
    with suppress(BrokerUnavailable):
        await work

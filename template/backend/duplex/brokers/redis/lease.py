"""Keeps this process joined to the store: connects, renews its lease, finds who died, reconnects.

A worker is alive while it renews its lease. When one stops, any other takes what it left: its
participants are lost (their grace begins), its claims and locks are free. That step is one script
per room and of no effect the second time, so all may take it at once.
"""

import asyncio
import logging
import random
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Final

from redis.exceptions import ResponseError

from duplex.brokers.base import BrokerUnavailable, Keep
from duplex.brokers.redis.era import enter_era, identify, keep_era
from duplex.brokers.redis.follower import Followed, Follower
from duplex.brokers.redis.holdings import Books, Names
from duplex.brokers.redis.link import Answer, Link
from duplex.brokers.redis.retries import Debts
from duplex.brokers.redis.scripts import kept, load_scripts
from duplex.brokers.redis.timers import Dues

logger = logging.getLogger("duplex")

_AT_ONCE: Final = 200
"""Rooms read again in one round trip."""

_LONGEST: Final = 2.0
"""Seconds between two attempts to reconnect, at most."""


class Keeper:
    """See the module. `link` is usable exactly while the store is up."""

    def __init__(self, url: str, keep: Keep, timeout: float, lease: float) -> None:
        self.books = Books()
        self.dues = Dues(lambda room: self.spawn(self._settle(room)))
        self.debts = Debts(self.run)
        self.follower = Follower(self.books, self._tail, self.dues.due_in, self._give_back)
        self.scripts = load_scripts(keep)
        self.names = Names("", self.books.worker)
        self._era: str = ""
        self._url = url
        self._timeout = timeout
        self._lease = lease
        self._kept = kept(keep)
        self._link: Link | None = None
        self._connecting: Link | None = None
        self._reason = "not started"
        self._lost = asyncio.Event()
        self._run: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ids: Sequence[int] = ()
        self._server = ""
        self._control: tuple[int, int] | None = None
        self._untold: list[tuple[bytes, bytes]] | None = None

    @property
    def link(self) -> Link:
        """The connection. Raises `BrokerUnavailable` while there is none."""
        if self._link is None:
            raise BrokerUnavailable(self._reason)
        return self._link

    async def run(self, script: str, room: str, *arguments: bytes | str | int) -> Answer:
        """One script of a room. Raises `BrokerUnavailable`."""
        link = self.link
        return await link.run(
            self.scripts[script], [self.names.room(room)], link.latest, *arguments
        )

    # --- life

    async def start(self) -> None:
        """Connect. Raises `BrokerUnavailable`."""
        self._link = await self._connect()
        self._run = asyncio.get_running_loop().create_task(self._live())

    async def stop(self) -> None:
        """Give up all that this worker holds, and the connection."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        tasks = [*self._tasks, *self.follower.stop()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.dues.stop()
        link, self._link, self._reason = self._link, None, "stopped"
        if link is not None:
            with suppress(BrokerUnavailable):
                await self._sweep(link, self.books.worker)
            await link.close("stopped")

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run something beside, that may find the store out of reach."""
        task = asyncio.get_running_loop().create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self) -> None:
        while True:
            await self._beat_on()
            await self._reconnect()
            self.follower.events.up()
            self.spawn(self.debts.settle())

    async def _beat_on(self) -> None:
        """Renew the lease until the connection is lost."""
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(self._lease / 3):
                    await self._lost.wait()
            except TimeoutError:
                try:
                    await self._beat(self.link)
                    await self.debts.settle()
                except BrokerUnavailable as error:
                    # The link is dead, and the loop ends; or the store is full: it is tried again.
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
            self.follower.fall_silent()
        if link is not self._link:
            return
        self._link, self._reason = None, reason
        self._lost.set()
        self.follower.fall_silent()
        self.books.down(reason)
        self.spawn(link.close(reason))
        self.follower.events.down(reason)

    # --- connecting

    async def _connect(self) -> Link:
        link = Link(self._url, self._timeout, self._heard, self._on_down)
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
        # After a restart of the server these numbers may be somebody else's.
        for former in self._ids if server == self._server else ():
            # What the former connections sent and the server has not read yet must not happen.
            with suppress(ResponseError):
                await link.call("CLIENT", "KILL", "ID", former)
        self._server, self._ids = server, link.ids
        for script in self.scripts.values():
            await link.call("SCRIPT", "LOAD", script.text)
        await self._enter_era(link, durable)
        await self._listen(link)
        await self._beat(link, first=True)
        await self._catch_up_control(link)
        await self._resync(link)

    async def _listen(self, link: Link) -> None:
        """Hear this era's channels; control messages wait for `_catch_up_control`."""
        names, rooms = self.names, self.follower.rooms
        self._untold = []
        await link.subscribe([names.told, names.heard, *map(names.channel, rooms)])

    async def _enter_era(self, link: Link, durable: bool) -> None:
        era = await enter_era(link, self.scripts["era"], self._server, durable)
        if era == self._era:
            return
        self._era, self.names = era, Names(era, self.books.worker)
        if self._control is not None:
            self._control = (0, 0)
        for followed in list(self.follower.rooms.values()):
            if followed.epoch:
                self.follower.lose(followed, forgotten=True)
            followed.epoch, followed.seen = b"", 0
        self.books.owed.clear()

    async def _catch_up_control(self, link: Link) -> None:
        """Tell the control messages that were missed, then those that came in the meantime."""
        control = self.names.control
        if self._control is None:
            # Nobody was connected to this process yet: what was told before is no concern of it.
            self._control = (0, 0)
            for number, _ in await link.call("XREVRANGE", control, "+", "-", "COUNT", 1):
                self._control = _two(number)
        since = "({}-{}".format(*self._control)
        missed = await link.call("XRANGE", control, since, "+")
        untold, self._untold = self._untold or [], None
        for number, pairs in missed:
            self._told(number, pairs[1])
        for number, message in untold:
            self._told(number, message)

    async def _resync(self, link: Link) -> None:
        """Settle, in every room, what this worker still holds and what it missed."""
        books, rooms = self.books, self.follower.rooms
        wanted = list({*rooms, *books.here, *books.owed})
        if wanted:
            await self.own(link, wanted)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            held = await asyncio.gather(*(self._resync_room(link, room) for room in some))
            for room, answer in zip(some, held, strict=True):
                self._resynced(room, answer)
            followed = [rooms[room] for room in some if room in rooms]
            tails = await asyncio.gather(*(self._tail_through(link, one) for one in followed))
            for one, answer in zip(followed, tails, strict=True):
                self.follower.caught_up(one, answer)
        books.owed.clear()

    async def own(self, link: Link, rooms: Sequence[str]) -> None:
        """Put down that this worker holds something in these rooms. Raises `BrokerUnavailable`."""
        await link.call("SADD", self.names.own_rooms, *rooms)
        await link.call("PEXPIRE", self.names.own_rooms, self._kept)

    async def _resync_room(self, link: Link, room: str) -> Answer:
        books = self.books
        here = books.here.get(room, {})
        return await link.run(
            self.scripts["resync"],
            [self.names.room(room)],
            link.latest,
            books.worker,
            books.fence_in(room),
            len(here),
            *(text for pair in here.items() for text in pair),
            *books.claims_in(room),
        )

    def _resynced(self, room: str, answer: Answer) -> None:
        if answer[0] == 0:
            return
        _, due, missing, replaced = answer
        here = self.books.here.get(room, {})
        events = self.follower.events
        for participant in replaced:
            connection = here.get(participant.decode())
            if connection is not None:
                self.books.gone(room, participant.decode(), connection)
                events.taken_over(room, participant.decode(), connection)
        if missing and room in self.follower.rooms:
            # They were taken for dead meanwhile.
            self.follower.lose(self.follower.rooms[room], forgotten=False)
            for participant in missing:
                self.books.gone(room, participant.decode(), here.get(participant.decode(), ""))
                events.left(room, participant.decode())
        self.dues.due_in(room, due)

    async def _tail(self, followed: Followed) -> Answer:
        return await self._tail_through(self.link, followed)

    async def _tail_through(self, link: Link, followed: Followed) -> Answer:
        return await link.run(
            self.scripts["tail"],
            [self.names.room(followed.room)],
            link.latest,
            followed.epoch,
            followed.seen,
        )

    # --- leases

    async def _beat(self, link: Link, *, first: bool = False) -> None:
        names, books = self.names, self.books
        keys = [names.workers, names.own_rooms]
        arguments = (books.worker, round(self._lease * 1000), self._kept)
        alive, dead = await link.run(self.scripts["beat"], keys, *arguments)
        for worker in dead:
            await self._sweep(link, worker.decode())
        if first:
            return
        if not alive:
            # This process was held up for longer than its lease: others took it for dead.
            for followed in self.follower.rooms.values():
                if followed.behind is None:
                    followed.behind = []
            await self._enter_era(link, True)
            # Or somebody emptied the store: then nothing is said any more where this one listens.
            await self._listen(link)
            await self._catch_up_control(link)
            await self._resync(link)
        await link.ping()
        await link.measure()
        await self._keep_rooms(link)

    async def _keep_rooms(self, link: Link) -> None:
        """Rooms somebody is in do not expire."""
        await keep_era(link)
        suffixes = (b"", b":log", b":people", b":present", b":due", b":open", b":locks")
        for room in list(self.books.here):
            key = self.names.room(room)
            sent = [link.send("PEXPIRE", key + suffix, self._kept) for suffix in suffixes]
            await asyncio.gather(*sent)

    async def _sweep(self, link: Link, worker: str) -> None:
        """Take what a dead worker left."""
        names = self.names
        rooms: Iterable[bytes] = await link.call("SMEMBERS", names.rooms_of(worker))
        for encoded in rooms:
            room = encoded.decode()
            key = names.room(room)
            due = await link.run(self.scripts["adopt"], [key], link.latest, worker)
            if worker != self.books.worker:
                self.dues.due_in(room, due)
        await link.call("ZREM", names.workers, worker)
        await link.call("UNLINK", names.rooms_of(worker))

    # --- what happens later

    async def _settle(self, room: str) -> None:
        due = await self.run("tick", room)
        if room in self.follower.rooms:
            self.dues.due_in(room, due)

    def _give_back(self, ticket: str, key: bytes) -> None:
        """A lock came for somebody who does not wait for it any more."""
        self.spawn(self.withdraw(self.names.room_of(key), ticket))

    async def withdraw(self, room: str, ticket: str) -> None:
        """Give up a lock, or the wait for it. Raises `BrokerUnavailable`."""
        await self.debts.pay("unlock", room, ticket)

    # --- what is published

    def _heard(self, channel: bytes, payload: bytes) -> None:
        if channel == self.names.heard:
            self.follower.heard(payload)
        elif channel == self.names.told:
            _, number, message = payload.split(b" ", 2)
            self._told(number, message)
        else:
            self.follower.said(self.names.room_of(channel), payload)

    def _told(self, number: bytes, message: bytes) -> None:
        if self._untold is not None:
            self._untold.append((number, message))
            return
        at = _two(number)
        if self._control is None or at > self._control:
            self._control = at
            self.follower.told(message)


async def _quietly(work: Coroutine[object, object, None]) -> None:
    with suppress(BrokerUnavailable):
        await work


def _two(number: bytes) -> tuple[int, int]:
    first, _, second = number.partition(b"-")
    return int(first), int(second)

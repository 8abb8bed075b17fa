"""The engine: the rooms, members and connections of this process, and what happens to them over
time.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.middleware import Middleware

from duplex.brokers.base import Broker, BrokerUnavailable
from duplex.brokers.keyed_locks import Turns
from duplex.identity import Authenticate
from duplex.options import Options
from duplex.requests.registry import Registry
from duplex.requests.runner import Runner
from duplex.requests.session import Services, Transaction
from duplex.requests.store import SessionStore
from duplex.rooms.draining import send_away
from duplex.rooms.joining import Joining
from duplex.rooms.member import Member
from duplex.rooms.room import Room
from duplex.socket import limits
from duplex.socket.connection import Connection, Phase
from duplex.socket.endpoint import Socket
from duplex.socket.flusher import Flusher
from duplex.wire import protocol
from duplex.wire.entries import Entry
from duplex.wire.frames import Frame
from duplex.wire.protocol import Close, ErrorCode

logger = logging.getLogger("duplex")

_DOWN = "The sessions' store cannot be reached now: what is sent may be refused until it is back."

_NO_CODE, _LOST = 1005, 1006
_LEFT = (Close.ENDED, _NO_CODE)
_AWAY = (Close.GOING_AWAY, Close.AWAY)


class Engine:
    """All sessions of one process. Made once per application; `start` and `stop` are its
    lifespan.
    """

    def __init__(
        self,
        *,
        options: Options,
        broker: Broker,
        registry: Registry,
        document: type[BaseModel],
        authenticate: Authenticate,
        store: SessionStore,
        transaction: Transaction,
        contract: str = "",
    ) -> None:
        self.options = options
        self.registry = registry
        self.authenticate = authenticate
        self.may_join = store.may_join
        self.contract = contract
        self.census = limits.Census(options)
        self.draining = False
        self.revoked = 0
        self.rooms: dict[str, Room] = {}
        self.connections: set[Connection] = set()
        self.broker = broker
        self._runner = Runner(Services(self.broker, registry, document, store, transaction))
        self.joining = Joining(self, document, store, self._runner.run)
        self._watching = Turns()
        self._tasks: set[asyncio.Task[None]] = set()
        self._drain: asyncio.Task[None] | None = None
        self.nobody = asyncio.Event()
        self.nobody.set()
        self.flusher: Flusher

    # --- life

    def middleware(self, path: str) -> Middleware:
        """Answers the sessions' WebSockets at `path`; to be given to the application."""
        return Middleware(Socket, engine=self, path=path)

    async def start(self) -> None:
        """Connect to the broker and begin to watch the deadlines."""
        self.flusher = Flusher(asyncio.get_running_loop())
        await self.broker.start(self)
        self.spawn(self._sweep())

    async def stop(self) -> None:
        """Drain, then give everything up. Nothing of the engine runs after it."""
        await self.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for room in self.rooms.values():
            for member in room.members.values():
                await member.stop()
        await self._runner.stop()
        self.rooms.clear()
        await self.broker.stop()

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run something that ends with the engine at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def check(self) -> dict[str, Any]:
        """What a health check wants to know."""
        return {
            "broker": await self.broker.check(),
            "connections": len(self.connections),
            "rooms": len(self.rooms),
            "draining": self.draining,
        }

    async def revoke(self, user: str, sign_in: str | None = None) -> None:
        """Close every connection of a user with 4401, on every worker; only those of one `sign_in`
        where it is given.
        """
        message = {"kind": "revoke", "user": user}
        if sign_in is not None:
            message["sign_in"] = sign_in
        try:
            await self.broker.tell(message)
        except BrokerUnavailable:
            logger.warning("only this worker was told that %s is revoked", user)
            self.control(message)

    async def cancel(self, member: Member, request_id: str) -> None:
        """Stop a stream of this participant at the worker that runs it."""
        message = {"room": member.room.id, "participant": member.participant, "request": request_id}
        try:
            await self.broker.tell({"kind": "cancel", **message})
        except BrokerUnavailable:
            logger.info("no worker was told that a stream is cancelled")

    async def _sweep(self) -> None:
        s = self.options
        waits = [s.hello_timeout, s.heartbeat, s.write_timeout]
        if s.idle > 0:
            waits.append(s.idle)
        every = min(max(min(waits) / 10, 0.02), 1.0)
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(every)
            now = loop.time()
            for count, one in enumerate(list(self.connections)):
                if one.phase is not Phase.CLOSED:
                    one.check(now)
                if count % 500 == 499:
                    await asyncio.sleep(0)

    # --- draining

    def begin_drain(self) -> None:
        """Begin to send everybody away, spread over SESSION_DRAIN. Called when the server wants to
        stop.
        """
        if self._drain is None:
            self.draining = True
            self._drain = asyncio.get_running_loop().create_task(send_away(self))

    async def drain(self) -> None:
        """`begin_drain`, and wait until nobody is here any more."""
        self.begin_drain()
        if self._drain is not None:
            await asyncio.shield(self._drain)

    # --- connections

    def arrived(self, one: Connection) -> None:
        """A socket was accepted."""
        self.connections.add(one)
        self.nobody.clear()

    async def gone(self, one: Connection, code: int) -> None:
        """A socket is gone; `code` is what its end was told."""
        verdict = one.verdict or code
        if verdict == _NO_CODE and not one.transport.watches_peer:
            # Some servers report a lost connection like a close frame without a code.
            verdict = _LOST
        one.closed()
        self.connections.discard(one)
        self.census.gone(one.address, one.user, greeted=one.greeted)
        if not self.connections:
            self.nobody.set()
        member = one.member
        if member is None or member.connection is not one:
            return
        member.connection = None
        try:
            if verdict in _LEFT or 4400 <= verdict < 4500:
                await self._leave(member, one.id)
            elif verdict in _AWAY:
                await self._step_out(member, one.id)
            else:
                member.end_streams("interrupted", private=True)
                await self.broker.drop(member.room.id, member.participant, one.id)
        except BrokerUnavailable:
            logger.warning("the broker could not be told that %s is gone", member.participant)
        await self.tidy(member.room)

    async def _leave(self, member: Member, connection: str) -> None:
        await self._end_streams(member, "cancelled")
        await self.broker.leave(member.room.id, member.participant, connection)

    async def _step_out(self, member: Member, connection: str) -> None:
        await self._end_streams(member, "interrupted")
        await self.broker.drop(member.room.id, member.participant, connection, at_once=True)

    async def _end_streams(self, member: Member, why: ErrorCode) -> None:
        """Who listens is told before the participant is gone; its requests are waited for too."""
        if ending := member.end_streams(why):
            await asyncio.wait(ending, timeout=self.options.write_timeout)
        await member.settled()

    # --- rooms

    def room(self, room_id: str) -> Room:
        """The room of this process under that id, made when there is none yet."""
        found = self.rooms.get(room_id)
        if found is None:
            found = self.rooms[room_id] = Room(room_id)
        return found

    async def follow(self, room: Room) -> None:
        """Have what the broker says of a room come here. Raises `BrokerUnavailable`."""
        if not room.watched:
            async with self._watching.of(room.id):
                await self.broker.watch(room.id)
                room.watched = True

    async def tidy(self, room: Room) -> None:
        """Stop following a room without members."""
        if not room.empty:
            return
        async with self._watching.of(room.id):
            if room.empty and self.rooms.get(room.id) is room:
                del self.rooms[room.id]
                room.watched = False
                await self.broker.unwatch(room.id)

    # --- what the broker tells (BrokerEvents)

    def deliver(self, room: str, entries: Sequence[Entry]) -> None:
        """See `BrokerEvents`."""
        here = self.rooms.get(room)
        if here is not None:
            here.deliver(entries)

    def left(self, room: str, participant: str) -> None:
        """See `BrokerEvents`."""
        here = self.rooms.get(room)
        member = here.members.pop(participant, None) if here is not None else None
        if here is None or member is None:
            return
        member.end(Close.ENDED, "left")
        if here.empty:
            self.spawn(self.tidy(here))

    def taken_over(self, room: str, participant: str, connection: str) -> None:
        """See `BrokerEvents`."""
        here = self.rooms.get(room)
        member = here.members.get(participant) if here is not None else None
        held = member.connection if member is not None else None
        if member is not None and held is not None and held.id == connection:
            member.replace_connection(None)

    def lost(self, room: str) -> None:
        """See `BrokerEvents`."""
        here = self.rooms.get(room)
        for member in list(here.members.values()) if here is not None else ():
            if member.connection is not None:
                member.connection.close(Close.DRAINING, "Resume to follow the session again.")

    def control(self, message: Mapping[str, str]) -> None:
        """See `BrokerEvents`."""
        if message.get("kind") == "revoke":
            self._revoke(message["user"], message.get("sign_in"))
        elif message.get("kind") == "cancel" and (room := self.rooms.get(message["room"])):
            member = room.members.get(message["participant"])
            if member is not None:
                member.cancel(message["request"])

    def _revoke(self, user: str, sign_in: str | None) -> None:
        self.revoked += 1
        for one in list(self.connections):
            # Also who is still on the way in.
            if one.user == user and sign_in in (None, one.sign_in):
                one.fail("Your sign-in was revoked.", "not_signed_in", Close.NOT_SIGNED_IN)

    def down(self, reason: str) -> None:
        """See `BrokerEvents`. Who only listens would not learn of it from an answer."""
        logger.error("the broker cannot be reached: %s", reason)
        frame = Frame(protocol.error(_DOWN, "broker_unavailable"))
        for one in self.connections:
            if one.phase is Phase.OPEN:
                one.push(frame)

    def up(self) -> None:
        """See `BrokerEvents`."""
        logger.info("the broker is reachable again")

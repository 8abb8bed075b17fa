"""The engine: the rooms, members and connections of this process, and what happens to them over
time.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.routing import BaseRoute, WebSocketRoute

from app.session import connection as connections
from app.session import limits, protocol
from app.session.broker import BrokerUnavailable, Entry, Join, Joined, Keep, from_url
from app.session.connection import Connection, Flusher, Phase
from app.session.dispatch import Registry
from app.session.endpoint import Socket
from app.session.frame import Frame
from app.session.identity import Authenticate, Identity, MayJoin, SavedStore
from app.session.member import Member
from app.session.protocol import Close, Hello, Unopened
from app.session.room import Arrival, Room
from app.session.runner import Runner
from app.session.session import Services, Transaction

logger = logging.getLogger("app.session")

GRACE = 15.0
"""Seconds a participant whose connection was lost stays present, at most."""

_NO_CODE, _LOST = 1005, 1006
_LEFT = (Close.ENDED, _NO_CODE)


class Settings(connections.Limits, limits.Limits, Protocol):
    """The settings the engine reads; see app/settings.py."""

    @property
    def broker_url(self) -> str: ...
    @property
    def allowed_origins(self) -> Sequence[str]: ...
    @property
    def session_replay_count(self) -> int: ...
    @property
    def session_replay_bytes(self) -> int: ...
    @property
    def session_replay_seconds(self) -> float: ...
    @property
    def session_drain(self) -> float: ...


class Engine:
    """All sessions of one process. Made once per application; `start` and `stop` are its
    lifespan.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        registry: Registry,
        snapshot: type[BaseModel],
        authenticate: Authenticate,
        store: SavedStore,
        transaction: Transaction,
        may_join: MayJoin | None = None,
        contract: str = "",
    ) -> None:
        self.settings = settings
        self.registry = registry
        self.authenticate = authenticate
        self.may_join: MayJoin = may_join or _anybody
        self.contract = contract
        self.census = limits.Census(settings)
        self.draining = False
        self.rooms: dict[str, Room] = {}
        self.connections: set[Connection] = set()
        keep = Keep(
            settings.session_replay_count,
            settings.session_replay_bytes,
            settings.session_replay_seconds,
            min(GRACE, settings.session_replay_seconds),
        )
        self.broker = from_url(settings.broker_url, keep)
        self._document = snapshot
        self._services = Services(self.broker, registry, snapshot, store, transaction)
        self._runner = Runner(self._services)
        self._watching = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._drain: asyncio.Task[None] | None = None
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.flusher: Flusher

    # --- life

    def route(self, path: str) -> BaseRoute:
        """The WebSocket route, to be added to the application's routes."""
        return WebSocketRoute(path, Socket(self), name="session")

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

    async def revoke(self, user: str) -> None:
        """Close every connection of a user with 4401, on every worker."""
        await self.broker.tell({"kind": "revoke", "user": user})

    async def _sweep(self) -> None:
        s = self.settings
        waits = [s.session_hello_timeout, s.session_heartbeat, s.session_write_timeout]
        if s.session_idle > 0:
            waits.append(s.session_idle)
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
            self._drain = asyncio.get_running_loop().create_task(self._send_away())

    async def drain(self) -> None:
        """`begin_drain`, and wait until nobody is here any more."""
        self.begin_drain()
        if self._drain is not None:
            await asyncio.shield(self._drain)

    async def _send_away(self) -> None:
        within = self.settings.session_drain
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        notice = Frame(protocol.notice("draining", {"within": within}))
        going: list[asyncio.Task[None]] = []
        for one in list(self.connections):
            if one.phase is Phase.OPEN:
                one.push(notice)
            # Not the last tenth: whoever still works then has that time to finish.
            at = loop.time() + random.uniform(0, within * 0.9)
            going.append(loop.create_task(_retire(one, at, end)))
        await asyncio.gather(*going)
        for one in list(self.connections):
            one.close(Close.RESTART, "The server is leaving.")
        try:
            async with asyncio.timeout(self.settings.session_write_timeout):
                await self._nobody.wait()
        except TimeoutError:
            for one in list(self.connections):
                one.transport.abort()

    # --- connections

    def arrived(self, one: Connection) -> None:
        """A socket was accepted."""
        self.connections.add(one)
        self._nobody.clear()

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
            self._nobody.set()
        member = one.member
        if member is None or member.connection is not one:
            return
        member.connection = None
        try:
            if verdict in _LEFT or 4400 <= verdict < 4500:
                await self._leave(member, one.id)
            elif verdict == Close.GOING_AWAY:
                await self._step_out(member, one.id)
            else:
                member.end_streams(private=True)
                await self.broker.drop(member.room.id, member.participant, one.id)
        except BrokerUnavailable:
            logger.warning("the broker could not be told that %s is gone", member.participant)
        await self._tidy(member.room)

    async def _leave(self, member: Member, connection: str) -> None:
        member.end_streams()
        await member.settled()
        await self.broker.leave(member.room.id, member.participant, connection)

    async def _step_out(self, member: Member, connection: str) -> None:
        member.end_streams()
        await member.settled()
        await self.broker.drop(member.room.id, member.participant, connection, at_once=True)

    async def _tidy(self, room: Room) -> None:
        """Stop following a room without members."""
        if not room.empty:
            return
        async with self._watching:
            if room.empty and self.rooms.get(room.id) is room:
                del self.rooms[room.id]
                room.watched = False
                await self.broker.unwatch(room.id)

    # --- joining

    async def enter(self, one: Connection, hello: Hello, identity: Identity, room_id: str) -> None:
        """Join a session and send `initialised`, then what was missed. Raises `Unopened`,
        `BrokerUnavailable`.
        """
        room = self.rooms.get(room_id)
        if room is None:
            room = self.rooms[room_id] = Room(room_id)
        arrival = Arrival()
        room.arrivals.add(arrival)
        token = secrets.token_urlsafe(32)
        try:
            if not room.watched:
                async with self._watching:
                    await self.broker.watch(room_id)
                    room.watched = True
            joined = await self._join(one, hello, identity, room_id, token)
        except BaseException:
            room.arrivals.discard(arrival)
            await self._tidy(room)
            raise
        member = room.members.get(joined.participant)
        if member is None:
            member = Member(room, joined.participant, joined.name, identity, "", self._runner.run)
            room.members[joined.participant] = member
        room.arrivals.discard(arrival)
        member.token = hello.resume.token if joined.resumed and hello.resume else token
        member.identity = identity
        member.connection = one
        member.seen = joined.seq
        one.member = member
        self.census.greeted()
        one.opened(asyncio.get_running_loop().time(), identity.expires)
        first = [Frame(self._initialised(member, joined, hello))]
        one.catch_up(first + [member.frame(entry) for entry in joined.replay or ()])
        room.deliver([entry for entry in arrival.waiting if entry.seq > joined.seq])

    async def _join(
        self, one: Connection, hello: Hello, identity: Identity, room_id: str, token: str
    ) -> Joined:
        resume = hello.resume
        wish = Join(
            room=room_id,
            participant=secrets.token_urlsafe(9),
            name=hello.name or identity.name or "Guest",
            user=identity.user,
            connection=one.id,
            token_hash=_hash(token),
            resume_hash=_hash(resume.token) if resume else None,
            resume_epoch=resume.epoch if resume else None,
            resume_seq=resume.seq if resume else 0,
        )
        joined = await self.broker.join(wish)
        if joined is None:
            seed = await self._seed(room_id, stored=hello.session is not None)
            joined = await self.broker.join(replace(wish, seed=seed))
        if joined is None:
            raise Unopened("The session could not be opened.")
        return joined

    async def _seed(self, room_id: str, *, stored: bool) -> bytes:
        text = await self._services.store.load(room_id) if stored else None
        try:
            document = (
                self._document() if text is None else self._document.model_validate_json(text)
            )
        except ValidationError as error:
            logger.error("the saved session %s does not fit %s: %s", room_id, self._document, error)
            raise Unopened("This saved session does not fit the present version.") from None
        return document.__pydantic_serializer__.to_json(document)

    def _initialised(self, member: Member, joined: Joined, hello: Hello) -> bytes:
        changed = bool(self.contract) and hello.contract not in (None, self.contract)
        data = to_json(
            {
                "session": member.room.id,
                "participant": member.participant,
                "name": member.name,
                "participants": [
                    {"participant": one.participant, "name": one.name} for one in joined.people
                ],
                "resume_token": member.token,
                "epoch": joined.epoch,
                "seq": joined.seq,
                "recovered": joined.replay is not None,
                "heartbeat": self.settings.session_heartbeat,
                "contract_changed": changed,
            }
        )
        return b'{"state":"initialised","data":%b,"snapshot":%b}}' % (data[:-1], joined.document)

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
            self.spawn(self._tidy(here))

    def taken_over(self, room: str, participant: str, connection: str) -> None:
        """See `BrokerEvents`."""
        here = self.rooms.get(room)
        member = here.members.get(participant) if here is not None else None
        if member is None or member.connection is None or member.connection.id != connection:
            return
        former, member.connection = member.connection, None
        former.member = None
        former.close(Close.REPLACED, "This participant was resumed by another connection.")

    def lost(self, room: str) -> None:
        """See `BrokerEvents`."""
        here = self.rooms.get(room)
        for member in list(here.members.values()) if here is not None else ():
            if member.connection is not None:
                member.connection.close(Close.DRAINING, "Resume to follow the session again.")

    def control(self, message: Mapping[str, str]) -> None:
        """See `BrokerEvents`."""
        if message.get("kind") != "revoke":
            return
        for one in list(self.connections):
            if one.member is not None and one.member.identity.user == message.get("user"):
                one.fail("Your sign-in was revoked.", "not_signed_in", Close.NOT_SIGNED_IN)

    def down(self, reason: str) -> None:
        """See `BrokerEvents`."""
        logger.error("the broker cannot be reached: %s", reason)

    def up(self) -> None:
        """See `BrokerEvents`."""
        logger.info("the broker is reachable again")


async def _retire(one: Connection, at: float, end: float) -> None:
    """Close a connection at its time, or when its requests are done, at the latest at `end`."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(at - loop.time())
    if one.member is not None and one.member.working:
        try:
            async with asyncio.timeout_at(end):
                await one.member.settled()
        except TimeoutError:
            return
    one.close(Close.DRAINING, "The server is leaving; resume elsewhere.")


async def _anybody(identity: Identity, session_id: str) -> bool:
    """The default of `may_join`: whoever knows the id."""
    return True


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()

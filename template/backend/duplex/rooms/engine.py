"""The engine of one process: puts rooms, sockets, requests and the broker together, and
disconnects everybody before the process stops.
"""

import asyncio
import gc
import logging
import random
import time
from collections.abc import Awaitable
from typing import Any, Final

from pydantic import BaseModel
from starlette.middleware import Middleware

from duplex.brokers.base import Broker, BrokerUnavailable
from duplex.identity import Authenticate, Authentication, Identity
from duplex.options import YOUNG_OBJECTS, Options
from duplex.requests.documents import SessionStore, held_fields
from duplex.requests.registry import Registry
from duplex.requests.runner import Runner
from duplex.requests.session import Services, Transaction
from duplex.rooms.abandoned import Place
from duplex.rooms.events import RoomEvents
from duplex.rooms.joining import Joining
from duplex.rooms.live import LiveSessions
from duplex.rooms.member import Member
from duplex.rooms.rooms import Rooms
from duplex.socket.connection import Connection
from duplex.socket.controls import Handshake
from duplex.socket.endpoint import SocketEndpoint
from duplex.socket.handler import SocketServices
from duplex.socket.sockets import Sockets
from duplex.tasks import BackgroundTasks
from duplex.wire.entries import Frame
from duplex.wire.messages import notice
from duplex.wire.protocol import FINAL_CODES, NO_CODE, Close

logger = logging.getLogger("duplex")

_LEFT = (Close.ENDED, NO_CODE)
"""Close codes of a participant that leaves for good."""

_AWAY = (Close.GOING_AWAY, Close.AWAY)
"""Close codes of a page that is suspended and may resume."""

_SPREAD: Final = 0.9
"""Part of the window of a drain in which connections are closed; the rest is for requests to
finish.
"""

DRAIN_PATIENCE: Final = 2.0
"""Seconds before the end of the window at which streams are interrupted. They have as much time to
end in a shorter window too.
"""

DRAIN_CLOSING: Final = 5.0
"""Maximum time, in seconds, that the closing of the last connections takes after the window."""


class Engine:
    """All sessions of one process. Made once per application; `start` and `stop` are called by its
    lifespan. `settings`: for handlers, which receive them from `session.settings`.
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
        settings: object = None,
    ) -> None:
        self.broker = broker
        self.rooms = Rooms(broker, options)
        self.sockets = Sockets(options)
        self.authentication = Authentication(authenticate)
        self._tasks = BackgroundTasks()
        services = Services(
            broker,
            registry,
            document,
            store,
            transaction,
            held_fields(document),
            options.max_document,
            settings,
        )
        self._runner = Runner(services)
        self.events = RoomEvents(broker, self.rooms, self.sockets, self.authentication, self._tasks)
        self.live: LiveSessions[Any] = LiveSessions(
            broker, registry, document, options.max_document
        )
        self._drain: asyncio.Task[None] | None = None
        self._collector = gc.get_threshold()
        joining = Joining(
            self.rooms,
            self.sockets,
            broker,
            store,
            document,
            self._runner,
            contract,
        )
        self._socket_services = SocketServices(
            sockets=self.sockets,
            authentication=self.authentication,
            handshake=Handshake(self.sockets, self.authentication, joining.join),
            tasks=self._tasks,
            read=registry.read,
            disconnected=self._disconnected,
            shutdown=self.begin_drain,
        )

    # --- life

    def middleware(self, path: str) -> Middleware:
        """ASGI middleware that answers the sessions' WebSockets at `path`."""
        return Middleware(SocketEndpoint, services=self._socket_services, path=path)

    async def start(self) -> None:
        """Connect to the broker and begin to check the deadlines. Raises `BrokerUnavailable`."""
        self._drain = None
        # A pass of the garbage collector delays every client. Modules and the objects made so far
        # are excluded from it, and requests make no reference cycles.
        gc.freeze()
        self._collector = gc.get_threshold()
        gc.set_threshold(max(YOUNG_OBJECTS, self._collector[0]), *self._collector[1:])
        self.sockets.start()
        self._runner.start()
        await self.broker.start(self.events)
        self._tasks.spawn(self.sockets.sweep())

    async def stop(self) -> None:
        """Drain, then stop everything that runs."""
        await self.drain()
        self._runner.begin_stop()
        await self._tasks.stop()
        await self.rooms.stop()
        await self._runner.stop()
        await self.broker.stop()
        self.sockets.stop()
        gc.unfreeze()
        gc.set_threshold(*self._collector)

    def begin_drain(self) -> None:
        """Begin to disconnect all participants, spread over SESSION_DRAIN. Called when the server
        is going to stop.
        """
        if self._drain is None:
            self.sockets.draining = True
            loop = asyncio.get_running_loop()
            self._drain = loop.create_task(_drain(self.sockets, self.rooms))

    async def drain(self) -> None:
        """`begin_drain`, and wait until all connections have ended."""
        self.begin_drain()
        if self._drain is not None:
            await asyncio.shield(self._drain)

    async def check(self) -> dict[str, Any]:
        """The state of this process, for health checks."""
        return {
            "broker": await self.broker.check(),
            "connections": len(self.sockets),
            "rooms": len(self.rooms),
            "draining": self.sockets.draining,
        }

    # --- sign-ins

    async def authenticate(self, token: str | None) -> Identity:
        """The identity of a token. Raises `NotSignedIn`."""
        return await self.authentication.identify(token)

    async def revoke(self, user: str, sign_in: str | None = None) -> None:
        """Close every connection of a user with 4401, on every worker; only those of one `sign_in`
        where it is given.
        """
        message = {"kind": "revoke", "user": user}
        if sign_in is not None:
            message["sign_in"] = sign_in
        try:
            await self.broker.broadcast(message)
        except BrokerUnavailable:
            logger.warning("only this worker closes the connections of the revoked user %s", user)
            self.events.control(message)

    # --- connections

    async def _disconnected(self, connection: Connection, code: int) -> None:
        """A connection has ended with this close code."""
        member = connection.participant
        if not isinstance(member, Member) or member.connection is not connection:
            return
        member.connection = None
        try:
            await self._depart(member, connection.id, code)
        except BrokerUnavailable:
            logger.warning("the store could not be informed that %s has disconnected", member.id)
        room = self.rooms.get(member.room_id)
        if room is not None:
            await self.rooms.tidy(room)

    async def _depart(self, member: Member, connection: str, code: int) -> None:
        patience = self.sockets.options.write_timeout
        if code in _LEFT or code in FINAL_CODES:
            await member.end_streams("cancelled", patience)
            await member.requests.settled()
            await self.broker.leave(member.room_id, member.id, connection)
        elif code in _AWAY:
            member.put_away = True
            await member.requests.settled()
            await self.broker.drop(member.room_id, member.id, connection, at_once=True)
            await self._abandon(member, connection)
        else:
            await self.broker.drop(member.room_id, member.id, connection)
            await self._abandon(member, connection)

    async def _abandon(self, member: Member, connection: str) -> None:
        place = Place(member.room_id, member.id, connection)
        await self.rooms.abandon(member.owner, place, member.kept.outcomes(time.monotonic()))


async def _drain(sockets: Sockets, rooms: Rooms) -> None:
    """Announce the end, close each connection at a random moment of SESSION_DRAIN, and wait until
    all have ended.
    """
    within = sockets.options.drain
    loop = asyncio.get_running_loop()
    begin = loop.time()
    end = begin + within
    interrupt = end - min(DRAIN_PATIENCE, within * (1 - _SPREAD))
    sockets.broadcast(Frame(notice("draining", {"within": within})))
    closing = [
        loop.create_task(_close(connection, begin + random.uniform(0, within * _SPREAD), interrupt))
        for connection in sockets
    ]
    await asyncio.gather(*closing)
    await _finish(rooms, end)
    for connection in sockets:
        connection.close(Close.RESTART, "The server is shutting down.")
    patience = min(DRAIN_CLOSING, sockets.options.write_timeout)
    if not await _until(loop.time() + patience, sockets.empty.wait()):
        for connection in sockets:
            connection.transport.abort()


async def _close(connection: Connection, at: float, end: float) -> None:
    """Close a connection at its time, or later when its requests are done, but not after `end`."""
    await asyncio.sleep(at - asyncio.get_running_loop().time())
    participant = connection.participant
    if participant is None or await _until(end, participant.finished()):
        connection.close(
            Close.DRAINING, "The server is shutting down; resume to continue elsewhere."
        )


async def _finish(rooms: Rooms, end: float) -> None:
    """Stop the remaining streams, also of participants without a connection, and wait until their
    ends are committed. Other requests have time until `end`.
    """
    members = list(rooms.members())
    patience = max(end - asyncio.get_running_loop().time(), DRAIN_PATIENCE)
    await asyncio.gather(
        *(member.end_streams("interrupted", patience) for member in members),
        *(_until(end, member.finished()) for member in members),
    )


async def _until(end: float, waiting: Awaitable[object]) -> bool:
    """Wait, but not longer than until `end`. Whether there was no need to wait longer."""
    try:
        async with asyncio.timeout_at(end):
            await waiting
    except TimeoutError:
        return False
    return True

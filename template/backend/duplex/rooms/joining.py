"""Makes a connection a participant of a session: a new one, or one that resumes."""

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass, replace
from hashlib import sha256

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from duplex.brokers.base import Broker, BrokerUnavailable, Join, Joined, TooManyPresent
from duplex.identity import Identity
from duplex.requests.documents import SessionStore
from duplex.requests.runner import Runner
from duplex.rooms.abandoned import Place
from duplex.rooms.member import Member
from duplex.rooms.rooms import Arrival, Room, Rooms
from duplex.socket.connection import Connection
from duplex.socket.pending import Kept
from duplex.socket.sockets import Sockets
from duplex.wire.entries import Frame
from duplex.wire.messages import CannotJoin, Refused
from duplex.wire.models import Hello, is_name, pack
from duplex.wire.protocol import NAME_MAX, Close

logger = logging.getLogger("duplex")


@dataclass(frozen=True, slots=True)
class Joining:
    """Lets connections join. `document` is the model that a new session starts with, `contract`
    the fingerprint of this server's contract.
    """

    rooms: Rooms
    sockets: Sockets
    broker: Broker
    store: SessionStore
    document: type[BaseModel]
    runner: Runner
    contract: str

    async def join(
        self, connection: Connection, hello: Hello, identity: Identity, room_id: str
    ) -> None:
        """Join a session if the identity may, and send `initialised` and the missed messages.
        Raises `CannotJoin`.
        """
        sentence = "You may not join this session."
        try:
            allowed = await self.store.may_join(identity, room_id)
        except Refused as refusal:
            allowed, sentence = False, refusal.sentence
        if not allowed:
            raise CannotJoin(sentence, "forbidden", Close.FORBIDDEN)
        try:
            await self._enter(connection, hello, identity, room_id)
        except BrokerUnavailable:
            raise CannotJoin(
                "The session store is not reachable.", "broker_unavailable", Close.DRAINING
            ) from None

    async def _enter(
        self, connection: Connection, hello: Hello, identity: Identity, room_id: str
    ) -> None:
        room = self.rooms.open(room_id)
        arrival = Arrival()
        room.arrivals.add(arrival)
        token = secrets.token_urlsafe(32)
        try:
            await self.rooms.follow(room)
            joined = await self._join(connection, hello, identity, room_id, token)
        except BaseException:
            room.arrivals.discard(arrival)
            await self.rooms.tidy(room)
            raise
        member = room.members.get(joined.participant)
        if member is None:
            kept = Kept(self.sockets.kept, room.part, self.sockets.options)
            member = Member(
                room_id,
                room.documents,
                joined.epoch,
                joined.participant,
                joined.name,
                identity,
                self.runner,
                kept,
            )
            member.resumed = joined.resumed
            room.members[joined.participant] = member
        room.arrivals.discard(arrival)
        room.documents.size = len(joined.document)
        self._count(room, member, connection, alone=joined.present.total == 1)
        member.token = hello.resume.token if joined.resumed and hello.resume else token
        member.identity = identity
        # The broker's `taken_over` may come later than the answer to the join.
        member.replace_connection(connection)
        member.seen = joined.seq
        connection.participant = member
        now = asyncio.get_running_loop().time()
        self.sockets.limits.greeted()
        connection.allowance = self.sockets.limits.allowances.borrow(connection.owner, now)
        connection.opened(now, identity.expires)
        first = [Frame(self._initialised(member, joined, hello))]
        connection.catch_up(
            first + [member.frame(entry) for entry in joined.replay or () if member.may_read(entry)]
        )
        room.catch_up(member, arrival)

    def _count(self, room: Room, member: Member, connection: Connection, *, alone: bool) -> None:
        """Keep what was counted when the session and the participant were abandoned, so that coming
        back for a moment does not renew what their owner may leave behind.
        """
        abandoned, now = self.rooms.abandoned, time.monotonic()
        former = abandoned.remove(Place(room.id))
        if former is not None:
            room.opener, counted = former
            # The document was counted too, and is counted anew.
            room.logged.at_least(counted - room.documents.size, now)
        elif room.opener is None and alone:
            room.opener = connection.owner
        former = abandoned.remove(Place(room.id, member.id))
        if former is not None:
            member.kept.at_least(former[1], now)

    async def _join(
        self, connection: Connection, hello: Hello, identity: Identity, room_id: str, token: str
    ) -> Joined:
        resume, user, options = hello.resume, identity.user, self.sockets.options
        request = Join(
            room=room_id,
            participant=secrets.token_urlsafe(9),
            name=_name(hello, identity),
            user=user,
            connection=connection.id,
            token_hash=_hash(token),
            resume_hash=_hash(resume.token) if resume else None,
            resume_epoch=resume.epoch if resume else None,
            resume_seq=resume.seq if resume else 0,
            owner=connection.owner,
            allowed=options.max_per_address if user is None else options.max_per_user,
        )
        try:
            _require_peer(connection)
            joined = await self.broker.join(request)
            if joined is None:
                joined = await self._open(request, connection, stored=hello.session is not None)
        except TooManyPresent:
            raise CannotJoin(
                "You have too many connections in this session.", "too_many", Close.TOO_FAST
            ) from None
        if joined is None:
            raise CannotJoin("The session could not be opened.", "conflict", Close.FORBIDDEN)
        return joined

    async def _open(self, request: Join, connection: Connection, *, stored: bool) -> Joined | None:
        """Join a session that is not live, with its first document."""
        now = asyncio.get_running_loop().time()
        if not self.sockets.limits.may_open(connection.owner, now):
            sentence = "You open new sessions too often. Try again later."
            raise CannotJoin(sentence, "too_fast", Close.BUSY)
        seed = await self._seed(request.room, stored=stored)
        _require_peer(connection)
        return await self.broker.join(replace(request, seed=seed))

    async def _seed(self, room_id: str, *, stored: bool) -> bytes:
        """The document that a session begins with: the stored one, or a new one."""
        text = await self.store.load(room_id) if stored else None
        try:
            document = self.document() if text is None else self.document.model_validate_json(text)
        except ValidationError as error:
            logger.error("the saved session %s does not fit %s: %s", room_id, self.document, error)
            raise CannotJoin(
                "This saved session does not fit the current version of the application.",
                "conflict",
                Close.FORBIDDEN,
            ) from None
        return pack(document)

    def _initialised(self, member: Member, joined: Joined, hello: Hello) -> bytes:
        changed = bool(self.contract) and hello.contract not in (None, self.contract)
        data = to_json(
            {
                "session": member.room_id,
                "participant": member.id,
                "name": member.name,
                "participants_total": joined.present.total,
                "resume_token": member.token,
                "epoch": joined.epoch,
                "seq": joined.seq,
                "recovered": joined.replay is not None,
                "heartbeat": self.sockets.options.heartbeat,
                "contract_changed": changed,
            }
        )
        return b'{"state":"initialised","data":%b,"participants":%b,"snapshot":%b}}' % (
            data[:-1],
            joined.present.listing(),
            joined.document,
        )


def _require_peer(connection: Connection) -> None:
    """A client that has left may have resumed on another connection in the meantime, from which
    this one must not take the participant. Raises `CannotJoin`.
    """
    if connection.gone or connection.verdict is not None:
        raise CannotJoin("The connection was closed.", "interrupted", Close.GOING_AWAY)


def _name(hello: Hello, identity: Identity) -> str:
    """The account's name. The hello's name is used only for participants without an account."""
    if identity.user is None:
        return hello.name or identity.name or "Guest"
    name = (identity.name or "").strip()[:NAME_MAX]
    return name if is_name(name) else "Guest"


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()

"""How a connection becomes a member of a session: joined or resumed, told what it missed."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from duplex.brokers.base import Join, Joined
from duplex.identity import Identity
from duplex.requests.store import SessionStore
from duplex.rooms.member import Member, Request
from duplex.rooms.room import Arrival
from duplex.socket.connection import Connection
from duplex.wire.frames import Frame
from duplex.wire.protocol import Hello, Unopened, pack

if TYPE_CHECKING:
    from duplex.rooms.engine import Engine

logger = logging.getLogger("duplex")

Run = Callable[[Member, Request], Coroutine[object, object, None]]


class Joining:
    """`enter` for the engine's connections. `document` is the model that a new session starts with;
    `run` handles its members' requests.
    """

    def __init__(
        self, engine: "Engine", document: type[BaseModel], store: SessionStore, run: Run
    ) -> None:
        self._engine = engine
        self._document = document
        self._store = store
        self._run = run

    async def enter(self, one: Connection, hello: Hello, identity: Identity, room_id: str) -> None:
        """Join a session and send `initialised`, then what was missed. Raises `Unopened`,
        `BrokerUnavailable`.
        """
        room = self._engine.room(room_id)
        arrival = Arrival()
        room.arrivals.add(arrival)
        token = secrets.token_urlsafe(32)
        try:
            await self._engine.follow(room)
            joined = await self._join(one, hello, identity, room_id, token)
        except BaseException:
            room.arrivals.discard(arrival)
            await self._engine.tidy(room)
            raise
        member = room.members.get(joined.participant)
        if member is None:
            member = Member(
                room, joined.epoch, joined.participant, joined.name, identity, "", self._run
            )
            room.members[joined.participant] = member
        room.arrivals.discard(arrival)
        member.token = hello.resume.token if joined.resumed and hello.resume else token
        member.identity = identity
        # Where the broker's word of it comes later than the join's answer.
        member.replace_connection(one)
        member.seen = joined.seq
        one.member = member
        self._engine.census.greeted()
        one.opened(asyncio.get_running_loop().time(), identity.expires)
        first = [Frame(self._initialised(member, joined, hello))]
        one.catch_up(first + [member.frame(entry) for entry in joined.replay or ()])
        room.catch_up(member, arrival)

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
        joined = await self._engine.broker.join(wish)
        if joined is None:
            seed = await self._seed(room_id, stored=hello.session is not None)
            joined = await self._engine.broker.join(replace(wish, seed=seed))
        if joined is None:
            raise Unopened("The session could not be opened.")
        return joined

    async def _seed(self, room_id: str, *, stored: bool) -> bytes:
        text = await self._store.load(room_id) if stored else None
        try:
            document = (
                self._document() if text is None else self._document.model_validate_json(text)
            )
        except ValidationError as error:
            logger.error("the saved session %s does not fit %s: %s", room_id, self._document, error)
            raise Unopened("This saved session does not fit the present version.") from None
        return pack(document)

    def _initialised(self, member: Member, joined: Joined, hello: Hello) -> bytes:
        contract = self._engine.contract
        changed = bool(contract) and hello.contract not in (None, contract)
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
                "heartbeat": self._engine.options.heartbeat,
                "contract_changed": changed,
            }
        )
        return b'{"state":"initialised","data":%b,"snapshot":%b}}' % (data[:-1], joined.document)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()

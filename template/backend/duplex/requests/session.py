"""What a handler is given: one request, its session, and what it may do there."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from duplex.brokers.base import Broker, BrokerUnavailable, Commit, Lock
from duplex.identity import Identity, Participant
from duplex.requests.documents import has_bounds
from duplex.requests.registry import AnyState, Registry, To
from duplex.requests.store import SavedRef, SessionStore
from duplex.wire import protocol
from duplex.wire.entries import Entry

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from duplex.rooms.member import Member

logger = logging.getLogger("duplex")

D = TypeVar("D", bound=BaseModel)
"""The document that the session shares."""

Transaction = Callable[[], "AbstractAsyncContextManager[AsyncSession]"]

_LEASE_MARGIN = 5.0
"""Seconds a lock outlives its request's deadline in the store, so that only a dead process loses
it.
"""


@dataclass(slots=True, frozen=True)
class Services:
    """What requests need of the process."""

    broker: Broker
    registry: Registry
    document: type[BaseModel]
    store: SessionStore
    transaction: Transaction


class Session(Generic[D]):
    """One request's view of its session. Not to be kept after the handler has returned."""

    __slots__ = (
        "_dirty",
        "_document",
        "_entries",
        "_lock",
        "_member",
        "_open",
        "_over",
        "_private",
        "_services",
        "_state",
        "request_id",
    )

    def __init__(
        self, services: Services, member: "Member", state: AnyState, request_id: str | None
    ) -> None:
        self.request_id = request_id
        self._services = services
        self._member = member
        self._state = state
        self._entries: list[Entry] = []
        self._private: list[Entry] = []
        self._lock: Lock | None = None
        self._document: BaseModel | None = None
        self._dirty = False
        self._open = 0
        self._over = False

    @property
    def id(self) -> str:
        """The session's id."""
        return self._member.room.id

    @property
    def participant(self) -> Participant:
        """Who asks."""
        member = self._member
        return Participant(member.participant, member.name, member.identity.user)

    @property
    def identity(self) -> Identity:
        """What the asker's token stands for."""
        return self._member.identity

    async def participants(self) -> list[Participant]:
        """Everybody present, in the order they came. `user` is known only of the asker."""
        people = await self._services.broker.people(self.id)
        return [Participant(one.participant, one.name) for one in people]

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger that says which session and request wrote."""
        extra = {"session": self.id, "request": self.request_id, "state": self._state.name}
        return logging.LoggerAdapter(logger, extra)

    def transaction(self) -> "AbstractAsyncContextManager[AsyncSession]":
        """A database transaction: committed at the end of its `async with`, rolled back on an
        exception.
        """
        return self._services.transaction()

    async def read(self) -> "D":
        """A copy of the shared document as it is now (in this request's own edit: as edited so
        far).
        """
        if self._document is not None:
            return cast("D", self._document.model_copy(deep=True))
        text = await self._services.broker.read(self.id)
        return cast("D", self._services.document.model_validate_json(text))

    @asynccontextmanager
    async def edit(self) -> "AsyncGenerator[D]":
        """The shared document, to change it.

        From here to the end of the request (of a stream: to its next `yield`) nobody else edits
        it. The changes become true together with the reply; if the handler raises, nothing was
        changed.
        """
        self._check_open()
        if self._lock is None:
            lease = self._state.deadline + _LEASE_MARGIN
            self._lock = await self._services.broker.lock(self.id, lease)
            if self._over:
                await self.release()
                self._check_open()
        if self._document is None:
            self._document = self._member.room.document_of(self._lock, self._services.document)
        document = self._document
        before = None if not self._dirty else document.model_copy(deep=True)
        self._open += 1
        try:
            yield cast("D", document)
            if self._document is not document:
                raise RuntimeError("an edit inside this one failed: its changes are not known")
        except BaseException:
            self._document = before
            self._member.room.forget_document()
            raise
        finally:
            self._open -= 1
        self._dirty = True

    def send(self, state: "str | AnyState", data: BaseModel | None, to: To = "everybody") -> None:
        """Send a message of another state, in front of this request's reply and only if it
        succeeds.
        """
        self._check_open()
        name = state if isinstance(state, str) else state.name
        known = self._services.registry[name]
        entry = Entry(
            name,
            protocol.head(name, known.encode(data)),
            sender=self._member.participant,
            retain=known.retain,
            private=to == "sender",
        )
        (self._private if entry.private else self._entries).append(entry)

    async def save(self, title: str = "") -> SavedRef:
        """Store the document for good under the session's id; its owner is the asker's account."""
        if self._document is not None:
            text = protocol.pack(self._document)
        else:
            text = await self._services.broker.read(self.id)
        identity = self._member.identity
        return await self._services.store.save(self.id, title, identity, text.decode())

    # --- used by the engine

    async def commit(self, reply: Entry, *, last: bool) -> None:
        """Make what the request did true and seen, then give the lock back. `last`: the reply is
        recorded.
        """
        if self._open:
            raise RuntimeError("an answer inside `session.edit()`: end the edit before it")
        claim = None
        if last and self.request_id is not None:
            claim = (self._member.participant, self.request_id)
        entries = self._entries
        if not reply.private:
            entries.append(reply)
        document = None
        if self._dirty and self._document is not None:
            document = self._pack(self._document)
        if entries or document is not None or claim is not None:
            commit = Commit(
                self.id,
                entries,
                self._lock if document is not None else None,
                document,
                claim,
                reply if claim is not None else None,
                ends=reply.closes,
                epoch=self._member.epoch,
            )
            version = await self._services.broker.commit(commit)
            if document is not None and self._document is not None:
                self._member.room.remember_document(version, self._document)
        for entry in (*self._private, reply):
            if entry.private:
                self._member.push(entry)
        self._entries, self._private, self._dirty = [], [], False
        if self._lock is not None:
            await self.release()

    async def release(self) -> None:
        """Give up what is held; what was not committed is forgotten."""
        lock, self._lock = self._lock, None
        self._document = None
        if self._dirty or self._open:
            self._member.room.forget_document()
        if lock is not None:
            # Out of reach, the broker gives it back later.
            with suppress(BrokerUnavailable):
                await self._services.broker.unlock(lock)

    async def end(self) -> None:
        """The request is over: nothing more can be done with this session."""
        self._over = True
        if self._lock is not None or self._dirty or self._open:
            await self.release()

    def _pack(self, document: BaseModel) -> bytes:
        """The document's JSON. Raises pydantic's errors for a value of another type than declared,
        or beyond its bounds: stored, nobody could read the document any more.
        """
        kind = self._services.document
        serializer = kind.__pydantic_serializer__
        try:
            text = serializer.to_json(document, by_alias=True, warnings="error")
        except PydanticSerializationError:
            # It may read back all the same, as a tuple does for a list.
            text = serializer.to_json(document, by_alias=True, warnings=False)
            self._document = kind.model_validate_json(text)
            return text
        if has_bounds(kind) and self._lock is not None and text != self._lock.document:
            kind.model_validate_json(text)
        return text

    def _check_open(self) -> None:
        if self._over:
            raise RuntimeError("the request is over: its session cannot be used any more")

"""Open sessions from outside of a handler: for REST routes, jobs, scripts and other processes."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from duplex.brokers.base import Broker, Commit, RoomGone
from duplex.identity import Participant
from duplex.requests.documents import check_size, held_fields
from duplex.requests.registry import Registry
from duplex.requests.states import AnyEvent, AnyState
from duplex.wire.entries import Entry
from duplex.wire.messages import error_head
from duplex.wire.models import pack_document

D = TypeVar("D", bound=BaseModel)

EDIT_TIME: Final = 30.0
"""Seconds that an `edit` may hold the document."""


class SessionNotOpen(Exception):
    """No session of this id is open, so there is no document to read or edit. A stored document
    may be in the database.
    """


class LiveSessions(Generic[D]):
    """The sessions that are open now, on any worker.

    Messages take their place in the session's one order and reach the participants of every
    worker. All methods raise `BrokerUnavailable` while the session store is not reachable.
    """

    def __init__(
        self, broker: Broker, registry: Registry, document: type[D], max_document: int
    ) -> None:
        self._broker = broker
        self._registry = registry
        self._document = document
        self._held = held_fields(document)
        self._max_document = max_document

    async def participants(self, session: str) -> list[Participant]:
        """All present participants with their accounts, in the order they joined; none where the
        session is not open.
        """
        present = await self._broker.present(session)
        return [Participant(each.participant, each.name, each.user) for each in present]

    async def send(
        self, session: str, message: str | AnyState | AnyEvent, data: BaseModel | None
    ) -> bool:
        """Send an event, or a message of a state, to all participants. False where the session is
        not open.
        """
        return await self._commit(Commit(session, [self._entry(message, data)]))

    async def read(self, session: str) -> D:
        """A copy of the shared document. Raises `SessionNotOpen`."""
        try:
            text = await self._broker.read(session)
        except RoomGone:
            raise SessionNotOpen(session) from None
        return self._document.model_validate_json(text)

    @asynccontextmanager
    async def edit(
        self,
        session: str,
        message: str | AnyState | AnyEvent | None = None,
        data: BaseModel | None = None,
    ) -> AsyncGenerator[D]:
        """Lock the shared document and change it; nobody else can edit it meanwhile.

        The changes are committed at the end of the `async with`, together with `message`, which
        informs the pages; an exception drops them. Raises `SessionNotOpen`,
        `DocumentTooLarge`, and `LockLost` after `EDIT_TIME`.
        """
        try:
            lock = await self._broker.lock(session, EDIT_TIME)
        except RoomGone:
            raise SessionNotOpen(session) from None
        try:
            document = self._document.model_validate_json(lock.document)
            self._held.show(document, lock.held)
            yield document
            plain = self._held.without(document, lock.held)
            text, _ = pack_document(plain, self._document, lock.document)
            check_size(text, self._max_document, lock.document)
            entries = [] if message is None else [self._entry(message, data)]
            if not await self._commit(Commit(session, entries, lock, text)):
                raise SessionNotOpen(session)
        finally:
            await self._broker.unlock(lock)

    async def close(self, session: str, reason: str, participant: str | None = None) -> bool:
        """End a session for everybody: clients receive `reason`, a sentence for users, and do not
        reconnect. With the id of a `participant` only this one is removed. False if the session is
        not open.
        """
        if participant is None:
            end = Entry("error", error_head(reason, "refused"), closes=True)
            return await self._commit(Commit(session, [end], ends=True))
        present = await self._broker.present(session)
        if all(each.participant != participant for each in present):
            return False
        message = {"room": session, "participant": participant, "reason": reason}
        await self._broker.broadcast({"kind": "remove", **message})
        return True

    def _entry(self, message: str | AnyState | AnyEvent, data: BaseModel | None) -> Entry:
        name = message if isinstance(message, str) else message.name
        declared = self._registry.message(name)
        return Entry(name, declared.head(data), retain=declared.retain)

    async def _commit(self, commit: Commit) -> bool:
        try:
            await self._broker.commit(commit)
        except RoomGone:
            return False
        return True


class NoEvents:
    """`BrokerEvents` of a process that has no participants, for example a script."""

    def deliver(self, room: str, entries: object) -> None:
        """See `BrokerEvents`."""

    def left(self, room: str, participant: str) -> None:
        """See `BrokerEvents`."""

    def taken_over(self, room: str, participant: str, connection: str) -> None:
        """See `BrokerEvents`."""

    def lost(self, room: str) -> None:
        """See `BrokerEvents`."""

    def control(self, message: Mapping[str, str]) -> None:
        """See `BrokerEvents`."""

    def down(self, reason: str) -> None:
        """See `BrokerEvents`."""

    def up(self) -> None:
        """See `BrokerEvents`."""

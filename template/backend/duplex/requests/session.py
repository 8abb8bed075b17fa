"""The session object that a handler receives: its request, the participants and the document."""

import asyncio
import logging
import secrets
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.brokers.base import Broker, Commit, FieldHeld
from duplex.identity import Identity, Participant
from duplex.requests.documents import (
    AlreadyHeld,
    Edits,
    HeldFields,
    SavedRef,
    SessionStore,
    check_size,
)
from duplex.requests.queue import Requester
from duplex.requests.registry import Registry
from duplex.requests.running import Running
from duplex.requests.states import AnyEvent, AnyState, To
from duplex.wire.entries import Entry, retained
from duplex.wire.models import pack

logger = logging.getLogger("duplex")

D = TypeVar("D", bound=BaseModel)
"""The type of the document that the session shares."""

S = TypeVar("S")
"""The type of the application's settings."""

Transaction = Callable[[], AbstractAsyncContextManager[AsyncSession]]

_OVER = "the request is over: its session cannot be used any more"

_LEASE_MARGIN = 5.0
"""Seconds that a lock stays valid in the store after its request's deadline, so that only a dead
process loses it.
"""


@dataclass(slots=True, frozen=True)
class Services:
    """Process-wide services that a request uses."""

    broker: Broker
    registry: Registry
    document: type[BaseModel]
    store: SessionStore
    transaction: Transaction
    held: HeldFields
    max_document: int
    settings: object


class Session(Generic[D]):
    """One request's view of its session. After the request has ended, its methods raise."""

    __slots__ = (
        "_claiming",
        "_cleanup",
        "_edits",
        "_entries",
        "_key",
        "_late",
        "_over",
        "_requester",
        "_running",
        "_services",
        "_stopped",
    )

    def __init__(self, services: Services, requester: Requester, running: Running) -> None:
        self._services = services
        self._requester = requester
        self._running = running
        self._entries: list[Entry] = []
        self._edits: Edits | None = None
        self._claiming: asyncio.Lock | None = None
        self._key: str | None = None
        self._late: int | None = None
        self._cleanup = self._stopped = self._over = False

    @property
    def request_id(self) -> str | None:
        """The request's id, if the client gave it one."""
        return self._running.request.id

    @property
    def id(self) -> str:
        """The session's id."""
        return self._requester.room_id

    @property
    def participant(self) -> Participant:
        """The participant who sent the request."""
        requester = self._requester
        return Participant(requester.id, requester.name, requester.identity.user)

    @property
    def identity(self) -> Identity:
        """The identity of the sender's token."""
        return self._requester.identity

    @property
    def key(self) -> str:
        """Identifies the request, and stays the same when the client sends it again: write it to
        the database in a unique column, so that a second try changes nothing. Up to 200 characters.
        A request without an id has a new one.
        """
        if self._key is None:
            name = self.request_id or secrets.token_urlsafe(12)
            self._key = f"{self._requester.id} {name}"
        return self._key

    def settings(self, kind: type[S]) -> S:
        """The settings of this process, as your class: `session.settings(Settings)`."""
        settings = self._services.settings
        if not isinstance(settings, kind):
            found = type(settings).__name__
            raise TypeError(f"the settings of this process are {found}, not {kind.__name__}")
        return settings

    async def participants(self) -> list[Participant]:
        """All present participants with their accounts, in the order they joined."""
        self._check_open()
        present = await self._services.broker.present(self.id)
        return [Participant(each.participant, each.name, each.user) for each in present]

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger whose records have the session, the request and the state."""
        extra = {"session": self.id, "request": self.request_id, "state": self._running.state.name}
        return logging.LoggerAdapter(logger, extra)

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A database transaction: committed at the end of its `async with`, rolled back on an
        exception.
        """
        self._check_open()
        return self._services.transaction()

    async def read(self) -> "D":
        """A copy of the current shared document; inside this request's own edit, of the edited
        one.
        """
        self._check_open()
        if self._edits is not None and self._edits.document is not None:
            return cast("D", self._edits.document.model_copy(deep=True))
        text = await self._services.broker.read(self.id)
        return cast("D", self._services.document.model_validate_json(text))

    @asynccontextmanager
    async def edit(self) -> "AsyncGenerator[D]":
        """Lock the shared document and change it.

        Nobody else can edit it until the end of the request (of a stream: until its next `yield`).
        The changes are committed together with the reply; if the handler raises, they are dropped.

        A handler may clean up in `except` or `finally`: changes made there, while an exception or
        the cancellation is being handled, are committed with the error, provided that there were
        no other changes since the last `yield`. It has `CLEANUP_TIME` seconds for it.
        """
        self._check_open()
        cleanup = self._begin_cleanup()
        edits = await self._lock()
        with edits.edit() as document:
            yield cast("D", document)
        self._cleanup = cleanup and (self._cleanup or not edits.changed)
        edits.changed = True

    async def _lock(self) -> Edits:
        edits = self._edits
        if edits is None:
            edits = self._edits = Edits(self._services, self._requester.documents)
        await edits.lock(self.id, self._running.state.deadline + _LEASE_MARGIN)
        if self._over:
            await edits.release()
            self._check_open()
        return edits

    async def hold(self, value: BaseModel) -> None:
        """Set a held field of the shared document, the one of the type `Held[type(value)]`, until
        this request is over.

        Takes effect at once. The field is None again as soon as the request has been answered, has
        failed, was cancelled or left behind, its stream has ended, or its worker has died. Holding
        it once more in the same request replaces the value. Raises `AlreadyHeld` while another
        request holds the field.
        """
        self._check_open()
        name, written = self._services.held.field(value)
        claim = await self.claim()
        packed = pack(value)
        check_size(packed, self._services.max_document)
        epoch = self._requester.epoch
        commit = Commit(self.id, claim=claim, holds={written: packed}, epoch=epoch)
        try:
            await self._services.broker.commit(commit)
        except FieldHeld:
            raise AlreadyHeld(name) from None
        if self._edits is not None:
            self._edits.hold(name, written, packed, value)

    def send(
        self,
        message: str | AnyState | AnyEvent,
        data: BaseModel | None,
        to: To = "everybody",
    ) -> None:
        """Send an event, or a message of another state, before this request's reply, if the request
        succeeds.
        """
        self._check_open()
        self._begin_cleanup()
        name = message if isinstance(message, str) else message.name
        declared = self._services.registry.message(name)
        private = to == "sender"
        entry = Entry(
            name,
            declared.head(data),
            sender=self._requester.id,
            retain=retained(declared.retain, private=private),
            private=private,
        )
        self._entries.append(entry)

    async def save(self, title: str = "") -> SavedRef:
        """Store the document permanently under the session's id, owned by the sender's account.

        Locks it like `edit`, so that a document that was edited and saved meanwhile is not replaced
        by an older one.
        """
        self._check_open()
        edits = await self._lock()
        text = edits.text().decode()
        return await self._services.store.save(self.id, title, self._requester.identity, text)

    # --- used by the engine

    async def claim(self) -> tuple[str, str]:
        """The request's claim; a new one if the client gave the request no id. The fields that the
        request holds are None again when the claim ends, and other workers detect when this one
        dies.
        """
        running = self._running
        if running.claim is None:
            self._claiming = self._claiming or asyncio.Lock()
            async with self._claiming:
                claim = running.claim or await self._make_claim()
        else:
            claim = running.claim
        return self._requester.id, claim

    async def _make_claim(self) -> str:
        """A claim for a request without an id."""
        running, broker = self._running, self._services.broker
        room, participant = self._requester.room_id, self._requester.id
        made = f"own {secrets.token_urlsafe(12)}"
        await broker.claim(room, participant, made, 0)
        if running.sealed:
            # The end of the request does not settle a claim that comes later.
            await broker.release(room, participant, made)
            raise RuntimeError(_OVER)
        running.claim = made
        return made

    async def commit(self, reply: Entry, *, last: bool) -> None:
        """Commit the edits, messages and the reply, then release the lock. `last`: the reply is
        recorded as the outcome of the request, and this object cannot be used any more.
        """
        edits = self._edits
        if edits is not None and edits.open:
            raise RuntimeError("a `yield` inside `session.edit()`: end the edit before it")
        # A sender who was away gets a private reply by sending the request again. The pieces of a
        # private stream and private messages are replayed, so they are numbered.
        pushed = reply.private and not self._running.state.streams
        numbered = self._entries if pushed else [*self._entries, reply]
        outcome = reply if last else None
        step = self._step(numbered, outcome, ends=reply.closes)
        if step is not None and not last and self._running.claim is not None:
            # Other workers may have taken this one for dead, and ended its stream.
            step.within = (self._requester.id, self._running.claim)
        if step is not None:
            self._committed(step, await self._services.broker.commit(step), outcome)
        if pushed:
            self._requester.push(reply)
        if edits is not None:
            await edits.release()
        if last:
            self._over = True

    @property
    def cleaned_up(self) -> bool:
        """Whether there are changes or messages of a cleanup to be committed."""
        return self._cleanup or (self._late is not None and len(self._entries) > self._late)

    async def fail(self, entries: list[Entry], outcome: Entry | None) -> None:
        """Commit the end of a failed request, and the changes of its cleanup. `outcome` is recorded
        for its sender.
        """
        late = self._entries[self._late :] if self._late is not None else []
        if not self._cleanup or (self._edits is not None and self._edits.open):
            self.drop()
        step = self._step(late + entries, outcome)
        if step is not None:
            self._committed(step, await self._services.broker.commit(step), outcome)

    def _step(
        self, entries: list[Entry], outcome: Entry | None, *, ends: bool = False
    ) -> Commit | None:
        """What is to be committed, if anything is."""
        requester, claim = self._requester, None
        if outcome is not None and self._running.claim is not None:
            claim = (requester.id, self._running.claim)
        edits = self._edits
        packed = edits.pack() if edits is not None else None
        if not entries and packed is None and claim is None:
            self._reset()
            return None
        lock, document = packed or (None, None)
        return Commit(
            requester.room_id, entries, lock, document, claim,
            outcome if claim is not None else None,
            ends=ends, epoch=requester.epoch,
        )  # fmt: skip

    def _committed(self, step: Commit, version: int, outcome: Entry | None) -> None:
        if outcome is not None:
            self._requester.keep(outcome.size())
        if self._edits is not None and step.document is not None:
            self._edits.committed(version, len(step.document))
        self._reset()

    def _reset(self) -> None:
        """Nothing is left to commit."""
        self._entries, self._late, self._cleanup = [], None, False

    def _begin_cleanup(self) -> bool:
        """Whether an exception or the request's cancellation is being handled. From the
        cancellation on, the changes and messages before it are dropped.
        """
        if self._running.stopped is not None and not self._stopped:
            self._stopped = True
            self.drop()
        cleanup = self._stopped or sys.exc_info()[0] is not None
        if not cleanup:
            self._late = None
        elif self._late is None:
            self._late = len(self._entries)
        return cleanup

    def drop(self) -> None:
        """Drop the changes and messages that were not committed."""
        if self._edits is not None:
            self._edits.drop()
        self._reset()

    async def end(self) -> None:
        """The request is over: this object cannot be used any more."""
        self._over = True
        if self._edits is not None:
            await self._edits.release()

    def _check_open(self) -> None:
        if self._over:
            raise RuntimeError(_OVER)

"""Permanent storage of documents, as the engine uses it."""

from dataclasses import dataclass
from typing import Protocol

from duplex.identity import Identity


@dataclass(slots=True, frozen=True)
class SavedRef:
    """A saved session, as the reply to `save` shows it."""

    id: str
    title: str


class SessionStore(Protocol):
    """Decides who may join a session, and stores its document."""

    async def may_join(self, identity: Identity, session: str) -> bool:
        """Whether this identity may be in the session of this id."""
        ...

    async def load(self, session: str) -> str | None:
        """The stored document (JSON) of a session; None if there is none."""
        ...

    async def save(self, session: str, title: str, identity: Identity, document: str) -> SavedRef:
        """Store a document (JSON) under its session's id. Raises `Refused`."""
        ...

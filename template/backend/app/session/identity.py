"""Who somebody is, and how the engine finds out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Identity:
    """Who a token stands for. `expires`: Unix seconds until which it is good; None for ever.
    `sign_in`: which of the user's sign-ins it belongs to, where there are several.
    """

    user: str | None = None
    name: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset[str])
    expires: float | None = None
    sign_in: str | None = None


@dataclass(slots=True, frozen=True)
class Participant:
    """Somebody in a session. `id` is public; `user` is the account's id where there is one."""

    id: str
    name: str
    user: str | None = None


Authenticate = Callable[[str | None], Awaitable[Identity]]
"""The identity of a token (None: no token was given). Raises `NotSignedIn` with a sentence."""

MayJoin = Callable[[Identity, str], Awaitable[bool]]
"""Whether an identity may be in the session of this id."""


@dataclass(slots=True, frozen=True)
class SavedRef:
    """A session that was saved, as the answer to `save` shows it."""

    id: str
    title: str


class SavedStore(Protocol):
    """Where documents are kept for good."""

    async def load(self, session_id: str) -> str | None:
        """The stored document (JSON) of a session, None where there is none."""
        ...

    async def save(self, session_id: str, title: str, owner: str | None, snapshot: str) -> SavedRef:
        """Store a document under its session's id."""
        ...

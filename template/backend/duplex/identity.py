"""Identities, and how the engine determines them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(slots=True, frozen=True)
class Identity:
    """The identity of a token. `expires`: Unix seconds until which it is valid; None: forever.
    `sign_in`: the sign-in of the user to which it belongs, if there are several.
    """

    user: str | None = None
    name: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset[str])
    expires: float | None = None
    sign_in: str | None = None


@dataclass(slots=True, frozen=True)
class Participant:
    """A participant of a session. `id` is public; `user` is the account's id, if there is one."""

    id: str
    name: str
    user: str | None = None


class NotSignedIn(Exception):
    """Raised by `authenticate`: the sentence goes to the client, the socket is closed with 4401."""


Authenticate = Callable[[str | None], Awaitable[Identity]]
"""The identity of a token (None: no token was given). Raises `NotSignedIn` with a sentence."""

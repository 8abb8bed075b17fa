"""Identities and participants; the check of a token, and how long it is valid."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final


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


class Authentication:
    """Checks tokens with the application's `authenticate`."""

    __slots__ = ("_revocations", "authenticate")

    def __init__(self, authenticate: Authenticate) -> None:
        self.authenticate = authenticate
        self._revocations = 0

    def revoked(self) -> None:
        """A sign-in was revoked: tokens that are being checked now are checked again."""
        self._revocations += 1

    async def identify(self, token: str | None) -> Identity:
        """The identity of a token. Raises `NotSignedIn`.

        Repeated if a sign-in was revoked meanwhile: it may have been this one, whose connection the
        revocation cannot find before its user is known.
        """
        while True:
            revocations = self._revocations
            identity = await self.authenticate(token)
            if revocations == self._revocations:
                return identity


_WARNING: Final = 60.0
"""Maximum time, in seconds, between the warning and the end of a token."""


class Validity:
    """Until when a token is valid (`expires`: Unix seconds; None: for ever). A clock that is set
    back meanwhile does not extend it.
    """

    __slots__ = ("_ends", "_warn", "expires")

    def __init__(self) -> None:
        self.expires: float | None = None
        self._ends = 0.0
        self._warn = 0.0

    def until(self, expires: float | None) -> None:
        """There is a new token."""
        self.expires = expires
        if expires is not None:
            left = expires - time.time()
            self._ends = time.monotonic() + left
            self._warn = min(_WARNING, left / 2)

    def check(self) -> float | None:
        """The seconds that are left, once when the client is to be warned; 0 after the end; else
        None.
        """
        if self.expires is None:
            return None
        left = min(self.expires - time.time(), self._ends - time.monotonic())
        if left > self._warn:
            return None
        self._warn = 0.0
        return max(left, 0.0)

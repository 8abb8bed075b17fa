"""The participant at the other end of a connection: the check of its token, and how long it is
valid.
"""

import time
from typing import Final, Protocol

from duplex.identity import Authenticate, Identity
from duplex.wire.requests import Request


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
    """Until when a token is valid (`expires`: Unix seconds; None: for ever)."""

    __slots__ = ("_warn_at", "expires")

    def __init__(self) -> None:
        self.expires: float | None = None
        self._warn_at = 0.0

    def until(self, expires: float | None) -> None:
        """There is a new token."""
        self.expires = expires
        if expires is not None:
            left = expires - time.time()
            self._warn_at = expires - min(_WARNING, left / 2)

    def check(self) -> float | None:
        """The seconds that are left, once when the client is to be warned; 0 after the end; else
        None.
        """
        now = time.time()
        if self.expires is None or now < self._warn_at:
            return None
        left = max(self.expires - now, 0.0)
        self._warn_at = self.expires
        return left


class ConnectedParticipant(Protocol):
    """Implemented by `duplex.rooms.member.Member`."""

    identity: Identity

    def admit(self, request: Request, now: float) -> None:
        """Check that the participant may send this now, and count it. Raises `Rejected`."""
        ...

    def ask(self, request: Request) -> None:
        """Handle a request after all requests that came before it."""
        ...

    def cancel(self, request_id: str) -> None:
        """Stop a request or stream of this participant, whichever worker runs it."""
        ...

    async def list_participants(self, after: str | None, request_id: str | None) -> bytes:
        """A page of the room's participants, as the data of a reply. Raises `Rejected`."""
        ...

    async def finished(self) -> None:
        """Wait until none of the participant's requests runs any more, streams included."""
        ...

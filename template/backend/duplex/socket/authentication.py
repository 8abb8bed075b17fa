"""Finds the user of a token, also while sign-ins are being revoked."""

from duplex.identity import Authenticate, Identity


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

"""Sockets and their limits. `ConnectedParticipant` is implemented by the layer above."""

from typing import Protocol

from duplex.identity import Identity
from duplex.wire.requests import Request


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

"""The participant who sends requests, as the request layer sees it."""

from typing import Protocol

from duplex.identity import Identity
from duplex.requests.document_cache import DocumentCache
from duplex.requests.queue import RequestQueue
from duplex.wire.entries import Entry
from duplex.wire.protocol import ErrorCode


class Requester(Protocol):
    """Implemented by `duplex.rooms.member.Member`. `epoch` is the life of the session that the
    participant belongs to.
    """

    @property
    def room_id(self) -> str: ...
    @property
    def epoch(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def documents(self) -> DocumentCache: ...
    @property
    def requests(self) -> RequestQueue: ...

    @property
    def connected(self) -> bool:
        """Whether the participant has a connection at this process."""
        ...

    def keep(self, size: int) -> None:
        """So many bytes of an outcome were recorded for this participant."""
        ...

    def push(self, entry: Entry) -> None:
        """Send a private message or a recorded reply, if there is a connection."""
        ...

    def error(self, sentence: str, code: ErrorCode, request_id: str | None) -> None:
        """Send an error, if there is a connection."""
        ...

    async def drained(self, mark: int) -> None:
        """Wait until at most `mark` bytes wait for the connection, if there is one."""
        ...

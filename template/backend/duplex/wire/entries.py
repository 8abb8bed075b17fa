"""What a room says: one numbered message, as it is kept and sent."""

from dataclasses import dataclass
from typing import Literal

from pydantic_core import from_json, to_json

Retain = Literal["all", "latest", "none"]
"""What is replayed of a state's messages, and dropped first when a reader is slow."""


@dataclass(slots=True)
class Entry:
    """One numbered message of a room, or (private, `seq` 0) a reply that only its sender gets.

    `head` is the JSON of the frame without its closing brace: `{"state":"…","data":…`. What differs
    between receivers is put behind it, so the costly part is encoded once.
    """

    state: str
    head: bytes
    sender: str = ""
    request_id: str | None = None
    more: bool = False
    retain: Retain = "all"
    closes: bool = False
    private: bool = False
    seq: int = 0
    at: float = 0.0

    def size(self) -> int:
        """Bytes this entry takes in a log, roughly."""
        return len(self.head) + 64

    def for_sender(self) -> bytes:
        """The frame its sender gets: with the request's id, without `from`."""
        tail = b""
        if self.request_id is not None:
            tail = b',"id":' + to_json(self.request_id)
        return self.head + tail + self._tail()

    def for_others(self) -> bytes:
        """The frame every other participant gets."""
        if not self.sender:
            return self.head + self._tail()
        return self.head + b',"from":"' + self.sender.encode() + b'"' + self._tail()

    def _tail(self) -> bytes:
        more = b',"more":true' if self.more else b""
        return more + (b',"seq":%d}' % self.seq if self.seq else b"}")

    def dump(self) -> bytes:
        """The entry as JSON, for a store. `seq` and `at` are in it: see `load`."""
        return to_json(
            [
                self.state,
                self.head.decode(),
                self.sender,
                self.request_id,
                self.more,
                self.retain,
                self.closes,
                self.private,
                self.seq,
                self.at,
            ]
        )

    @classmethod
    def load(
        cls, dumped: bytes | str, *, seq: int | None = None, at: float | None = None
    ) -> "Entry":
        """The entry of `dump`; `seq` and `at` replace the dumped ones where the store numbers
        entries.
        """
        row = from_json(dumped)
        entry = cls(row[0], row[1].encode(), *row[2:])
        if seq is not None:
            entry.seq = seq
        if at is not None:
            entry.at = at
        return entry

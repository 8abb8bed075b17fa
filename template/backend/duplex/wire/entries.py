"""The numbered messages of a room: how a store keeps them, and their encodings for many readers."""

from dataclasses import dataclass, fields
from struct import pack
from typing import Any, Final, Literal

from pydantic_core import from_json, to_json

from duplex.wire.messages import notice

Retain = Literal["all", "latest", "none"]
"""Which messages of a state are replayed, and which may be dropped for a slow consumer."""


def retained(retain: Retain, *, private: bool) -> Retain:
    """How an entry is kept whose state or event declares `retain`. Private entries are replayed to
    their sender alone, so none may replace another one's as the latest.
    """
    return "all" if private and retain == "latest" else retain


VERSION: Final = 1
"""Version of the stored form. Raise it only when a field changes its meaning.

A new field needs no new version: it has a default for entries written before it existed, and
readers ignore fields that they do not know.
"""

OVERHEAD: Final = 64
"""Bytes that are counted for an entry in addition to its text."""


class UnknownVersion(Exception):
    """A stored entry was written by a newer version of this code and cannot be read."""


@dataclass(slots=True)
class Entry:
    """One numbered message of a room, or (`private`, `seq` 0) a reply for its sender alone.

    `head` is the JSON of the frame without its closing brace: `{"state":"…","data":…`. Fields that
    differ between receivers are appended to it, so the costly part is encoded once. `departed`:
    the participants whose departure this entry announces.
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
    departed: tuple[str, ...] = ()

    def size(self) -> int:
        """Bytes this entry takes in a log, approximately."""
        return len(self.head) + OVERHEAD

    def for_sender(self) -> bytes:
        """The frame for its sender: with the request's id, without `from`."""
        tail = b""
        if self.request_id is not None:
            tail = b',"id":' + to_json(self.request_id)
        if not self.seq and not self.more:
            return b"%b%b}" % (self.head, tail)
        return self.head + tail + self._tail()

    def for_others(self) -> bytes:
        """The frame for every other participant."""
        if not self.sender:
            return self.head + self._tail()
        return self.head + b',"from":"' + self.sender.encode() + b'"' + self._tail()

    def _tail(self) -> bytes:
        more = b',"more":true' if self.more else b""
        return more + (b',"seq":%d}' % self.seq if self.seq else b"}")

    def dump(self) -> bytes:
        """The stored form: its version and the fields by name as JSON, a line feed, then `head`.

        `seq` and `at` are not in it: the store assigns and keeps them. Fields with their default
        value are left out.
        """
        stored: dict[str, Any] = {"v": VERSION, "state": self.state}
        for name, default in _OPTIONAL:
            value = getattr(self, name)
            if value != default:
                stored[name] = value
        return to_json(stored) + b"\n" + self.head

    @classmethod
    def load(cls, dumped: bytes, *, seq: int = 0, at: float = 0.0) -> "Entry":
        """Read an entry that `dump` wrote. Raises `UnknownVersion`."""
        stored, _, head = dumped.partition(b"\n")
        found: dict[str, Any] = from_json(stored)
        version = found.pop("v")
        if version > VERSION:
            raise UnknownVersion(f"stored with version {version}; this code reads {VERSION}")
        entry = cls(found.pop("state"), head, seq=seq, at=at)
        for name, value in found.items():
            if name == "departed":
                entry.departed = tuple(value)
            elif name in _STORED:
                setattr(entry, name, value)
        return entry


_OPTIONAL: Final = tuple(
    (one.name, one.default)
    for one in fields(Entry)
    if one.name not in ("state", "head", "seq", "at")
)
_STORED: Final = frozenset(name for name, _ in _OPTIONAL)


class Frame:
    """A text message. `payload` is its UTF-8; `retain` and `state` decide whether it may be dropped
    for a slow reader; `seq` is its number in its room, 0 where it has none. `wire` and `text` are
    its two encodings for a transport: None until `framed` and `decoded` make them.
    """

    __slots__ = ("payload", "retain", "seq", "size", "state", "text", "wire")

    def __init__(
        self, payload: bytes, retain: Retain = "all", state: str = "", seq: int = 0
    ) -> None:
        self.payload = payload
        self.size = len(payload)
        self.retain: Retain = retain
        self.state = state
        self.seq = seq
        self.wire: bytes | None = None
        self.text: str | None = None

    def framed(self) -> bytes:
        """The WebSocket frame (RFC 6455: final, text, unmasked, uncompressed), header included."""
        if self.wire is None:
            size = self.size
            if size < 126:
                header = pack("!BB", 0x81, size)
            elif size < 65536:
                header = pack("!BBH", 0x81, 126, size)
            else:
                header = pack("!BBQ", 0x81, 127, size)
            self.wire = header + self.payload
        return self.wire

    def decoded(self) -> str:
        """The text for ASGI's `send`."""
        if self.text is None:
            self.text = self.payload.decode()
        return self.text


def skipped(through: int) -> Frame:
    """The notice that messages up to this number were left out on purpose: their reader must not
    take the gap for a loss.
    """
    return Frame(notice("skipped", {"through": through}), "none", "skipped", through)

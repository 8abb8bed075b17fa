"""Frames that announce changes of a session: participants and held fields of the document.

A participant's change on its own is `joined` or `left`. Changes that were gathered are one
`presence`: with the participants in a small room, with their number alone in a crowd.

A held value is kept beside the document and not in it: nothing has to be undone when its request
ends, whatever the reason. The Redis broker builds all these frames in its scripts, from the
constants below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from duplex.wire.entries import Entry

Change = Literal["joined", "left"]

JOINED: Final = b'{"state":"joined","data":'
LEFT: Final = b'{"state":"left","data":'
PRESENCE: Final = b'{"state":"presence","data":'


@dataclass(slots=True, frozen=True)
class Presence:
    """A participant as others see it: `participant` is its public id. `user` is the id of its
    account, which only handlers see.
    """

    participant: str
    name: str
    user: str | None = field(default=None, compare=False)

    def data(self) -> bytes:
        """The JSON of this participant in every frame."""
        return to_json({"participant": self.participant, "name": self.name})

    @classmethod
    def read(cls, data: bytes, user: str | None = None) -> "Presence":
        """The participant that `data` wrote."""
        found = from_json(data)
        return cls(found["participant"], found["name"], user)


@dataclass(slots=True, frozen=True)
class PresencePage:
    """Some participants of a room, in the order they came. `total`: how many are present.

    `next`: the cursor of the following page, None on the last one.
    """

    participants: Sequence[Presence]
    total: int
    next: str | None = None

    def listing(self) -> bytes:
        """The participants as a JSON array."""
        return _array(one.data() for one in self.participants)

    def data(self) -> bytes:
        """The data of the reply to `participants`."""
        following = b"" if self.next is None else b',"next":%b' % to_json(self.next)
        return b'{"participants":%b,"total":%d%b}' % (self.listing(), self.total, following)


def change(kind: Change, data: bytes, departed: tuple[str, ...]) -> Entry:
    """One participant came or left."""
    return Entry(kind, (JOINED if kind == "joined" else LEFT) + data, departed=departed)


def changes(
    joined: Iterable[bytes], left: Iterable[bytes], total: int, departed: tuple[str, ...]
) -> Entry:
    """Several participants came and left."""
    data = b'{"joined":%b,"left":%b,"total":%d}' % (_array(joined), _array(left), total)
    return Entry("presence", PRESENCE + data, departed=departed)


def number(total: int, departed: tuple[str, ...]) -> Entry:
    """So many participants are in the crowd now. Replayed where it also announces departures."""
    data = b'{"total":%d}' % total
    retain = "all" if departed else "latest"
    return Entry("presence", PRESENCE + data, retain=retain, departed=departed)


def everybody(participants: Iterable[bytes], total: int, departed: tuple[str, ...]) -> Entry:
    """The room is no longer a crowd: all its participants."""
    data = b'{"participants":%b,"total":%d}' % (_array(participants), total)
    return Entry("presence", PRESENCE + data, departed=departed)


def _array(items: Iterable[bytes]) -> bytes:
    return b"[%b]" % b",".join(items)


HELD: Final = b'{"state":"held","data":'


def held(field: str, value: bytes) -> Entry:
    """A field has another value now; `value` is JSON, `null` when it is no longer held."""
    return Entry("held", b"%b{%b:%b}" % (HELD, to_json(field), value))


def merge_held(document: bytes, held: Mapping[str, bytes]) -> bytes:
    """The document (JSON) as participants see it: with the held values."""
    if not held:
        return document
    merged: dict[str, JsonValue] = from_json(document)
    merged.update((field, from_json(value)) for field, value in held.items())
    return to_json(merged)

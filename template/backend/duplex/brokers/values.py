"""The values that a broker takes and returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from duplex.wire.announcements import PresencePage
from duplex.wire.entries import Entry


@dataclass(slots=True, frozen=True)
class Retention:
    """How much of a room is kept for participants that come back.

    `count`, `size` (bytes) and `seconds` bound the replay log; `seconds` also bounds resume tokens
    and empty rooms. `grace`: how long a participant whose connection was lost stays present.
    `detection`: how long it may take until a lost connection is noticed.
    """

    count: int = 1000
    size: int = 1 << 20
    seconds: float = 120.0
    grace: float = 15.0
    detection: float = 0.0

    @property
    def handled(self) -> float:
        """Seconds that a handled request is remembered.

        The lost connection may have swallowed its reply first of all, and its sender may resume at
        the last moment.
        """
        return self.seconds + self.detection


@dataclass(slots=True, frozen=True)
class Gathering:
    """How changes of presence are gathered.

    The first `burst` changes of a room are announced one by one, then one announcement each
    `interval` seconds carries all that happened since. A room with more than `page` participants
    is a crowd: its announcements carry the number alone, one each `crowd_interval` seconds, until
    three quarters of `page` are left.
    """

    page: int = 200
    burst: int = 5
    interval: float = 0.15
    crowd_interval: float = 1.0

    @property
    def dispersed(self) -> int:
        """The number of participants at which a crowd is an ordinary room again."""
        return self.page * 3 // 4


@dataclass(slots=True, frozen=True)
class Join:
    """A request to become present in a room.

    `participant`, `token_hash`: for a new participant, made by the caller; used unless
    `resume_hash` names one that is known and of the same `user`. `connection`: unguessable, unique
    for this socket in all processes; `leave` and `drop` name it. `resume_epoch`, `resume_seq`: what
    the client received last. `seed`: the room's first document as JSON, used only when the room is
    not live; without it `join` answers None for such a room, and the caller has to load one.
    `owner`, `allowed`: the account or address the participant belongs to, and how many participants
    of it the room keeps at most (0: any number).
    """

    room: str
    participant: str
    name: str
    user: str | None
    connection: str
    token_hash: str
    resume_hash: str | None = None
    resume_epoch: str | None = None
    resume_seq: int = 0
    seed: bytes | None = None
    owner: str = ""
    allowed: int = 0


@dataclass(slots=True, frozen=True)
class Joined:
    """The state of a room at a join, read in one step: `document` (JSON) is the document at `seq`,
    with its held fields.

    `present`: the first page of participants. `resumed`: the participant existed already (its
    former connection, if it was still open, was reported as `taken_over`); a `joined` entry is made
    only when it was not present any more. `replay`: for a resumed one, all kept entries after
    `resume_seq` up to `seq`, or None when an entry that had to be kept is missing.
    """

    participant: str
    name: str
    epoch: str
    seq: int
    document: bytes
    present: PresencePage
    resumed: bool
    replay: Sequence[Entry] | None


@dataclass(slots=True, frozen=True)
class Claim:
    """The answer to `claim`: `new` (run the handler), `done` (send `reply` again) or `busy` (the
    handler is still running).

    `reply` is None where the request was handled but its reply is no longer kept.
    """

    outcome: Literal["new", "done", "busy"]
    reply: Entry | None = None


@dataclass(slots=True, frozen=True)
class Lock:
    """The right to change a room's document: `document` is its JSON now, `version` counts its
    changes. `held`: the fields that requests hold, as JSON by their names; they are not in
    `document`.
    """

    room: str
    token: int
    document: bytes
    version: int
    held: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(slots=True)
class Commit:
    """One step of one request. `entries` are numbered in the given order.

    `lock` with `document`: the new document (JSON); both or neither. `claim`: the request's
    (participant, id) where it has an id; `reply`, when not None, is recorded as its outcome (for a
    room message it is the very object in `entries`, so that its number is recorded too). `settles`
    False: the claim stays open, and `reply`, a private one, becomes its outcome if the claim is
    released or its process dies; `endings` are then appended to the log, and if there are any, the
    last one becomes the outcome. `ends`: the room ends with this commit: after the entries it is
    forgotten, and opening its id again starts a new epoch. `holds`: fields of the document, as JSON
    by their names, that have these values until the claim is settled, released or abandoned, or its
    participant is forgotten. `within`: a claim that has to be open still, else `LockLost` is
    raised: no piece of a stream comes after its end, whoever ended it. `epoch`: the epoch the
    commit belongs to ("" for any); in another one it raises `RoomGone`.
    """

    room: str
    entries: Sequence[Entry] = ()
    lock: Lock | None = None
    document: bytes | None = None
    claim: tuple[str, str] | None = None
    reply: Entry | None = None
    settles: bool = True
    endings: Sequence[Entry] = ()
    holds: Mapping[str, bytes] | None = None
    within: tuple[str, str] | None = None
    ends: bool = False
    epoch: str = ""

"""What joins processes: where every room's log, document, presence and handled requests are kept.

One `Broker` per process. The engine never keeps anything of a room that must survive the
process; it asks the broker and reacts to `BrokerEvents`. `memory://` keeps it all in this process,
`redis://` and `rediss://` keep it in Redis or Valkey, so that any worker can be killed and any
participant resume on any other.

Rules every implementation keeps (`tests/session/brokers` checks them):

* **One order.** `commit`, and the presence messages of `join`, `leave` and the end of the grace,
  number the room's entries 1, 2, 3 … without holes. Each watching process gets every entry once, in
  that order, through `BrokerEvents.deliver` - its own entries too.
* **All or nothing.** A `Commit` appends its entries, stores the document and records the reply of
  the request in one step, or raises and changes nothing. With Redis this is one Lua script.
* **Handled once.** A request id is claimed before its handler runs; a second claim waits for the
  first and then finds its reply.
* **Fenced.** A `Lock` has a token that grows; a commit with a token that is no longer the room's
  newest raises `LockLost`. A lock is a lease: it ends by itself when its holder dies.
* **Everything expires.** A room nobody is in is forgotten `Keep.seconds` after the last one left,
  and so are resume tokens; a handled request `Keep.handled` after it was.
* **Ready for loss.** When the store cannot be reached every method raises `BrokerUnavailable`
  (quickly, after its own short timeout), `BrokerEvents.down` is called once, and `up` once it is
  back.

Times are seconds, sizes bytes of UTF-8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from duplex.wire.entries import Entry


class BrokerUnavailable(Exception):
    """The store cannot be reached now; nothing was changed as far as is known."""


class LockLost(Exception):
    """The room's lock went to somebody else before the commit; nothing was changed."""


class RoomGone(Exception):
    """The room was ended or has expired; its members have to open it again."""


@dataclass(slots=True, frozen=True)
class Keep:
    """How much of a room is kept for those who come back.

    `count`, `size` (bytes) and `seconds` bound the replay log; `seconds` also bounds resume tokens
    and empty rooms. `grace`: how long a participant whose connection was lost stays present.
    `unnoticed`: how long a connection may have been lost before that is noticed.
    """

    count: int = 1000
    size: int = 1 << 20
    seconds: float = 120.0
    grace: float = 15.0
    unnoticed: float = 0.0

    @property
    def handled(self) -> float:
        """Seconds that a handled request is remembered: its reply may be the first thing that a
        lost connection swallowed, and its sender may come back with it at the very last moment.
        """
        return self.seconds + self.unnoticed


@dataclass(slots=True, frozen=True)
class Person:
    """A participant as others see it: `participant` is its public id."""

    participant: str
    name: str


@dataclass(slots=True, frozen=True)
class Join:
    """A wish to be in a room.

    `participant`, `token_hash`: for a new participant, made by the caller; used unless
    `resume_hash` names one that is known and of the same `user`. `connection`: unguessable, unique
    for this socket in all processes; it says later whose loss or leave is meant. `resume_epoch`,
    `resume_seq`: what the client saw last. `seed`: the room's first document as JSON, used only
    when the room is not live; None to be told (`join` answers None) that a seed is needed.
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


@dataclass(slots=True, frozen=True)
class Joined:
    """What a join found, read in one step: `document` (JSON) is the room's document at `seq`.

    `resumed`: the participant existed already (its former connection, if it still lived, was told
    `taken_over`); a `joined` entry is made only when it was not present any more. `replay`: for a
    resumed one, all kept entries after `resume_seq` up to `seq` when nothing that had to be kept
    is missing; else None.
    """

    participant: str
    name: str
    epoch: str
    seq: int
    document: bytes
    people: Sequence[Person]
    resumed: bool
    replay: Sequence[Entry] | None


@dataclass(slots=True, frozen=True)
class Claim:
    """The answer to `claim`: `new` (run the handler), `done` (send `reply` again) or `busy` (still
    running).

    `reply` is None where the request was handled but its reply is no longer kept.
    """

    outcome: Literal["new", "done", "busy"]
    reply: Entry | None = None


@dataclass(slots=True, frozen=True)
class Lock:
    """The right to change a room's document: `document` is its JSON now, `version` counts its
    changes.
    """

    room: str
    token: int
    document: bytes
    version: int


@dataclass(slots=True)
class Commit:
    """One step of one request. `entries` are numbered in the given order.

    `lock` with `document`: the new document (JSON); both or neither. `claim`: the request's
    (participant, id) where it has an id; `reply`, when not None, is recorded as its outcome (for a
    room message the very object in `entries`, so that it has its number). `settles` False: the
    claim stays open, and `reply`, a private one, is its outcome should it be given back or its
    process die. `ends`: the room ends with this commit: after the entries it is forgotten, and
    opening its id again starts a new epoch. `epoch`: the one it belongs to ("" for any); in another
    one it raises `RoomGone`.
    """

    room: str
    entries: list[Entry] = field(default_factory=list[Entry])
    lock: Lock | None = None
    document: bytes | None = None
    claim: tuple[str, str] | None = None
    reply: Entry | None = None
    settles: bool = True
    ends: bool = False
    epoch: str = ""


class BrokerEvents(Protocol):
    """What a broker tells its process. All are plain calls in the event loop's thread and must not
    raise.
    """

    def deliver(self, room: str, entries: Sequence[Entry]) -> None:
        """The next entries of a watched room, each once, in order. `closes` on the last one ends
        the room.
        """
        ...

    def left(self, room: str, participant: str) -> None:
        """A participant of a watched room has left for good; called before the entry that says
        so.
        """
        ...

    def taken_over(self, room: str, participant: str, connection: str) -> None:
        """`connection`, if this process holds it, was replaced: its participant resumed
        elsewhere.
        """
        ...

    def lost(self, room: str) -> None:
        """A watched room cannot be followed any more without a gap: its members must resume.

        Where the store does not know them any more either, `left` follows for each of this process.
        """
        ...

    def control(self, message: Mapping[str, str]) -> None:
        """A message of `Broker.tell` from any process, this one included."""
        ...

    def down(self, reason: str) -> None:
        """The store cannot be reached; called once until `up`."""
        ...

    def up(self) -> None:
        """The store is reachable again, and the watched rooms are followed without a gap or were
        `lost`.
        """
        ...


class Broker(Protocol):
    """See the module's rules. `room` and the ids are `[A-Za-z0-9_-]{1,64}`; request ids any text
    up to 128.
    """

    async def start(self, events: BrokerEvents) -> None:
        """Connect and begin to report. Raises `BrokerUnavailable` when the store cannot be reached
        at all.
        """
        ...

    async def stop(self) -> None:
        """Give up this process's lease: its participants are lost (their grace begins), its locks
        free.
        """
        ...

    async def check(self) -> bool:
        """Whether the store answers now. Never raises."""
        ...

    async def watch(self, room: str) -> None:
        """Follow a room from now on. Called before the process's first join of it."""
        ...

    async def unwatch(self, room: str) -> None:
        """Stop following a room: the process has no member in it any more. Never raises."""
        ...

    async def join(self, wish: Join) -> Joined | None:
        """Open the room if needed and become present in it. None: not live, and the wish has no
        seed.
        """
        ...

    async def leave(self, room: str, participant: str, connection: str) -> None:
        """Leave for good: `left` is told at once, the resume token is void.

        Of no effect when `connection` is not the participant's present one (so for `drop`).
        """
        ...

    async def drop(
        self, room: str, participant: str, connection: str, *, at_once: bool = False
    ) -> None:
        """The connection is gone: present for the grace (`at_once`: not at all), then `left`.

        The resume token stays good for `Keep.seconds`.
        """
        ...

    async def people(self, room: str) -> Sequence[Person]:
        """Who is present, in the order they came. Empty where the room is not live."""
        ...

    async def read(self, room: str) -> bytes:
        """The room's document now, JSON. Raises `RoomGone`."""
        ...

    async def claim(self, room: str, participant: str, request_id: str, wait: float) -> Claim:
        """Claim a request before it is handled. While another claim of it is open, waits up to
        `wait` seconds.
        """
        ...

    async def release(self, room: str, participant: str, request_id: str) -> None:
        """Give a claim back unhandled, so that the request may be sent again."""
        ...

    async def lock(self, room: str, lease: float) -> Lock:
        """Wait for the room's lock, first come first served, and hold it at most `lease` seconds.
        Raises `RoomGone`.
        """
        ...

    async def unlock(self, lock: Lock) -> None:
        """Give the lock back unused, or after its commits. Of no effect when it was lost."""
        ...

    async def commit(self, commit: Commit) -> int:
        """Make one step durable and seen by all; the document's version after it.

        Sets `seq` and `at` of the entries. The lock, if any, stays held. Raises `LockLost`,
        `RoomGone`, `BrokerUnavailable`.
        """
        ...

    async def tell(self, message: Mapping[str, str]) -> None:
        """Send a control message to every process, this one included (`revoke`, for example)."""
        ...

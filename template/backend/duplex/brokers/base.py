"""The interface of brokers: where rooms keep their log, document, presence and handled requests.

There is one `Broker` per process. The engine keeps no data of a room that must survive the process:
it calls the broker and reacts to `BrokerEvents`. `memory://` keeps everything in this process;
`redis://` and `rediss://` keep it in Redis or Valkey, so that any worker can be killed and any
participant can resume on any other.

Rules for every implementation (`tests/engine/brokers` checks them):

* **One order.** `commit`, and the announcements of presence, number the room's entries 1, 2, 3 …
  without gaps. Each watching process gets every entry once, in that order, through
  `BrokerEvents.deliver`, its own entries included.
* **All or nothing.** A `Commit` appends its entries, stores the document and records the reply of
  the request in one step, or raises and changes nothing. With Redis this is one Lua script.
* **Handled once.** A request id is claimed before its handler runs; a second claim waits for the
  first and then finds its reply.
* **Fenced.** A `Lock` has a token that grows; a commit with a token that is no longer the room's
  newest raises `LockLost`. A lock is a lease: it ends by itself when its holder dies.
* **Holds end with their claim.** Every change of a held field is announced by an entry `held`, in
  the same step.
* **Presence is combined.** Changes of presence take effect at once; their announcements follow
  `Gathering`.
* **Everything expires.** An empty room is forgotten `Retention.seconds` after the last participant
  left, and so are resume tokens; a handled request after `Retention.handled`.
* **Ready for loss.** When the store cannot be reached every method raises `BrokerUnavailable`
  (quickly, after its own short timeout), `BrokerEvents.down` is called once, and `up` once it is
  back.

Times are seconds, sizes bytes of UTF-8.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from duplex.brokers.values import (
    Claim,
    Commit,
    Gathering,
    Join,
    Joined,
    Lock,
    Retention,
)
from duplex.wire.announcements import Presence, PresencePage
from duplex.wire.entries import Entry

__all__ = [
    "Broker",
    "BrokerEvents",
    "BrokerUnavailable",
    "Claim",
    "Commit",
    "FieldHeld",
    "Gathering",
    "Join",
    "Joined",
    "Lock",
    "LockLost",
    "Presence",
    "PresencePage",
    "Retention",
    "RoomGone",
    "TooManyPresent",
]


class BrokerUnavailable(Exception):
    """The store cannot be reached now; nothing was changed as far as is known."""


class LockLost(Exception):
    """The room's lock was given to another request before the commit; nothing was changed."""


class FieldHeld(Exception):
    """Another request holds this field of the document; nothing was changed."""


class RoomGone(Exception):
    """The room was ended or has expired; its members have to open it again."""


class TooManyPresent(Exception):
    """An account or address has as many connected participants in the room as it may have."""


class BrokerEvents(Protocol):
    """The events a broker reports to its process. All are plain calls in the event loop's thread
    and must not raise.
    """

    def deliver(self, room: str, entries: Sequence[Entry]) -> None:
        """The next entries of a watched room, each once, in order. `closes` on the last one ends
        the room.
        """
        ...

    def left(self, room: str, participant: str) -> None:
        """A participant of a watched room has left for good; called before the entry that announces
        it.
        """
        ...

    def taken_over(self, room: str, participant: str, connection: str) -> None:
        """`connection`, if this process holds it, was replaced: its participant resumed
        elsewhere.
        """
        ...

    def lost(self, room: str) -> None:
        """A watched room can no longer be followed without a gap: its members must resume.

        If the store no longer knows them either, `left` follows for each of this process.
        """
        ...

    def control(self, message: Mapping[str, str]) -> None:
        """A message of `Broker.broadcast` from any process, this one included."""
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
    up to 128 characters.
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

    async def join(self, request: Join) -> Joined | None:
        """Open the room if needed and become present in it. None: the room is not live, and the
        request has no seed. Raises `TooManyPresent`.
        """
        ...

    async def leave(self, room: str, participant: str, connection: str) -> None:
        """Leave for good: the resume token is void at once.

        No effect if `connection` is not the participant's current one (also for `drop`).
        """
        ...

    async def drop(
        self, room: str, participant: str, connection: str, *, at_once: bool = False
    ) -> None:
        """The connection has ended: the participant is present for the grace (`at_once`: not at
        all), then `left`. The resume token stays valid for `Retention.seconds`.
        """
        ...

    async def discard(self, room: str) -> None:
        """Forget a room now in which nobody is present. Of no effect for any other one."""
        ...

    async def present(self, room: str) -> Sequence[Presence]:
        """All participants present with their accounts, in the order they came. Empty where the
        room is not live.
        """
        ...

    async def page(self, room: str, after: str | None) -> PresencePage:
        """Up to `Gathering.page` participants after the cursor of a former page (None: from the
        first). Raises ValueError for a cursor that no page gave.
        """
        ...

    async def read(self, room: str) -> bytes:
        """The room's document now, JSON, with its held fields. Raises `RoomGone`."""
        ...

    async def claim(self, room: str, participant: str, request_id: str, wait: float) -> Claim:
        """Claim a request before it is handled. While another claim of it is open, waits up to
        `wait` seconds.
        """
        ...

    async def release(self, room: str, participant: str, request_id: str) -> None:
        """Release a claim unhandled, so that the request may be sent again."""
        ...

    async def lock(self, room: str, lease: float) -> Lock:
        """Wait for the room's lock, first come first served, and hold it at most `lease` seconds.
        Raises `RoomGone`.
        """
        ...

    async def unlock(self, lock: Lock) -> None:
        """Release the lock, unused or after its commits. Of no effect when it was lost."""
        ...

    async def commit(self, commit: Commit) -> int:
        """Make one step durable and visible to all; the document's version after it.

        Sets `seq` and `at` of the entries. The lock, if any, stays held. Raises `LockLost`,
        `FieldHeld`, `RoomGone`, `BrokerUnavailable`.
        """
        ...

    async def broadcast(self, message: Mapping[str, str]) -> None:
        """Send a control message to every process, this one included (`revoke`, for example)."""
        ...

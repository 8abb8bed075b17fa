"""A room of the memory broker: its document, log and participants.

Changes of presence are gathered into announcements.
"""

import asyncio
import secrets
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from duplex.brokers.memory.history import Handled, Log
from duplex.brokers.values import Gathering, Join, Retention
from duplex.wire import announcements
from duplex.wire.announcements import Change, Presence, PresencePage
from duplex.wire.entries import Entry


class Gatherer:
    """Announces changes at the rate of `Gathering`. `present` is the room's live list.

    The last change of each participant is announced, even if the result is as before: a newcomer
    may have received the list in between. `participants.lua` does the same for rooms in Redis.
    """

    __slots__ = ("_announce", "_crowd", "_pending", "_present", "_rules", "_slot", "_timer")

    def __init__(
        self,
        rules: Gathering,
        present: Callable[[], Collection[Presence]],
        announce: Callable[[Entry], None],
    ) -> None:
        self._rules = rules
        self._present = present
        self._announce = announce
        self._pending: dict[str, tuple[Change, Presence]] = {}
        self._slot = 0.0
        self._crowd = False
        self._timer: asyncio.TimerHandle | None = None

    def add(self, change: Change, presence: Presence) -> None:
        """A participant became present, or is present no more."""
        self._pending.pop(presence.participant, None)
        self._pending[presence.participant] = (change, presence)
        self._settle()

    def stop(self) -> None:
        """Announce nothing any more."""
        self._pending.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _settle(self) -> None:
        """Announce now if the pace allows it, else later. An empty room has no reason to wait."""
        if self._timer is not None and self._present():
            return
        total = len(self._present())
        if total > self._rules.page:
            self._crowd = True
        loop = asyncio.get_running_loop()
        wait = self._wait(loop.time())
        if wait <= 0 or total == 0:
            self._flush()
        else:
            self._timer = loop.call_later(wait, self._flush)

    def _wait(self, now: float) -> float:
        rules = self._rules
        if self._crowd:
            return self._slot - now
        return self._slot - now - (rules.burst - 1) * rules.interval

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending, self._pending = self._pending, {}
        if not pending:
            return
        rules = self._rules
        present = self._present()
        crowded = self._crowd or len(present) > rules.page
        self._crowd = crowded and len(present) > rules.dispersed
        pace = rules.crowd_interval if self._crowd else rules.interval
        self._slot = max(self._slot, asyncio.get_running_loop().time()) + pace
        departed = tuple(name for name, (change, _) in pending.items() if change == "left")
        if self._crowd:
            self._announce(announcements.number(len(present), departed))
        elif crowded:
            listing = (presence.data() for presence in present)
            self._announce(announcements.everybody(listing, len(present), departed))
        else:
            self._announce(_changes(pending, len(present), departed))


def _changes(
    pending: dict[str, tuple[Change, Presence]], total: int, departed: tuple[str, ...]
) -> Entry:
    if len(pending) == 1:
        ((change, presence),) = pending.values()
        return announcements.change(change, presence.data(), departed)
    joined = [presence.data() for change, presence in pending.values() if change == "joined"]
    left = [presence.data() for change, presence in pending.values() if change == "left"]
    return announcements.changes(joined, left, total, departed)


@dataclass(slots=True)
class Record:
    """A participant that is present, in its grace, or absent but able to resume.

    `number` grows with each arrival, 0 while it is absent; `lost`: when its connection was lost, 0
    while it has one.
    """

    public: Presence
    user: str | None
    owner: str
    connection: str
    token_hash: str
    handled: Handled
    number: int = 0
    lost: float = 0.0
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """The participant's public id."""
        return self.public.participant

    def disarm(self) -> None:
        """Cancel the end of its grace or of its resume token."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Room:
    """See the module. `records` includes absent participants that may resume; `holds` has
    the participant, the request and the value of each held field.
    """

    __slots__ = (
        "_arrivals",
        "_numbers",
        "_owners",
        "_present",
        "document",
        "epoch",
        "expiry",
        "fence",
        "gatherer",
        "holds",
        "log",
        "mutex",
        "records",
        "tokens",
        "version",
    )

    def __init__(
        self,
        retention: Retention,
        gathering: Gathering,
        document: bytes,
        announce: Callable[["Room", Entry], None],
    ) -> None:
        self.epoch = secrets.token_hex(8)
        self.log = Log(retention)
        self.document = document
        self.version = 0
        self.fence = 0
        self.mutex: asyncio.Lock | None = None
        self.records: dict[str, Record] = {}
        self.tokens: dict[str, str] = {}
        self.expiry: asyncio.TimerHandle | None = None
        self.holds: dict[str, tuple[str, str, bytes]] = {}
        self.gatherer = Gatherer(gathering, self.present, lambda entry: announce(self, entry))
        # Those present in the order they came, and their numbers: a page is found by bisection.
        self._present: list[Presence] = []
        self._numbers: list[int] = []
        self._owners: dict[str, dict[str, Record]] = {}
        self._arrivals = 0

    # --- presence

    def present(self) -> Collection[Presence]:
        """All present participants, in the order they came."""
        return self._present

    def is_present(self, record: Record) -> bool:
        """Whether others see this participant."""
        return record.number > 0

    def appear(self, record: Record) -> None:
        """Become present, after all others in the order."""
        self._arrivals += 1
        record.number = self._arrivals
        self._present.append(record.public)
        self._numbers.append(record.number)
        self.gatherer.add("joined", record.public)

    def disappear(self, record: Record) -> None:
        """Be present no more."""
        place = bisect_left(self._numbers, record.number)
        del self._present[place], self._numbers[place]
        record.number = 0
        self.gatherer.add("left", record.public)

    def page(self, after: int, limit: int) -> PresencePage:
        """Up to `limit` participants who joined after that number."""
        start = bisect_right(self._numbers, after)
        end = start + limit
        following = str(self._numbers[end - 1]) if end < len(self._numbers) else None
        return PresencePage(self._present[start:end], len(self._present), following)

    # --- holds

    @property
    def held(self) -> dict[str, bytes]:
        """The values of the held fields."""
        return {field: value for field, (_, _, value) in self.holds.items()}

    def is_held(self, fields: Collection[str], claim: tuple[str, str]) -> str | None:
        """One of these fields that another request holds."""
        for name in fields:
            if name in self.holds and self.holds[name][:2] != claim:
                return name
        return None

    def unhold(self, participant: str, request_id: str | None = None) -> list[Entry]:
        """End the holds of a request, or of all of a participant's; the announcements."""
        ended = [
            field
            for field, (holder, request, _) in self.holds.items()
            if holder == participant and request_id in (None, request)
        ]
        for name in ended:
            del self.holds[name]
        return [announcements.held(name, b"null") for name in ended]

    def trim(self, now: float) -> None:
        """Forget messages and handled requests that are too old."""
        self.log.trim(now)
        for record in self.records.values():
            record.handled.trim(now)

    # --- records

    def add(self, record: Record) -> None:
        """Know a new participant."""
        self.records[record.id] = record
        self.tokens[record.token_hash] = record.id
        if record.owner:
            self._owners.setdefault(record.owner, {})[record.id] = record

    def forget(self, record: Record) -> None:
        """Forget a participant and its resume token."""
        record.disarm()
        self.records.pop(record.id, None)
        self.tokens.pop(record.token_hash, None)
        of_owner = self._owners.get(record.owner)
        if of_owner is not None:
            of_owner.pop(record.id, None)
            if not of_owner:
                del self._owners[record.owner]

    def surplus(self, request: Join, resumed: Record | None) -> list[Record] | None:
        """The records of the request's owner that have to give way to it; None: it has no right to
        come, because all of them are connected.
        """
        records = self._owners.get(request.owner, {})
        excess = len(records) + (resumed is None) - request.allowed
        if request.allowed == 0 or excess <= 0:
            return []
        others = (record for record in records.values() if record.lost and record is not resumed)
        lost = sorted(others, key=lambda record: record.lost)
        return lost[:excess] if len(lost) >= excess else None

    def resumable(self, request: Join) -> Record | None:
        """The participant of the request's resume token."""
        if request.resume_hash is None:
            return None
        participant = self.tokens.get(request.resume_hash)
        if participant is None:
            return None
        record = self.records[participant]
        return record if record.user == request.user else None

    def close(self) -> None:
        """The room has ended: cancel its timers."""
        self.gatherer.stop()
        if self.expiry is not None:
            self.expiry.cancel()
        for record in self.records.values():
            record.disarm()

"""Checks the promises of the protocol in the records of all participants of some sessions.

Nothing is lost or duplicated, and the order is kept: each participant receives every number of its
session once and in order, and all receive the same message under the same number; each request has
one result, however often it was sent; the requests of a participant are handled in the order in
which they were sent. None of this depends on the application's states.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from duplex_dev.testing.promises.record import (
    Asked,
    Frame,
    Got,
    Opened,
    Record,
    is_last,
    requests,
)

PRESENCE = frozenset({"joined", "left", "presence"})

BUGS = frozenset({"internal"})
"""Codes of errors that no request may get."""

Number = tuple[str, str, int]
"""A room message: session, epoch, seq."""


@dataclass(slots=True)
class Progress:
    """The last message of its session that a participant has received."""

    record: Record
    epoch: str = ""
    seen: int = 0
    participant: str = ""
    people: set[str] = field(default_factory=set[str])
    expected: tuple[int, set[str]] | None = None


class Checker:
    """`check` finds every broken promise. A subclass that knows the states can check more.

    `streams` are the states whose reply comes in parts, `dropped` those whose messages may be
    missing for a client that resumes or reads slowly (their `retain` is not `all`).
    """

    def __init__(
        self,
        records: Sequence[Record],
        streams: Collection[str] = (),
        dropped: Collection[str] = (),
    ) -> None:
        self.faults: list[str] = []
        self.log: dict[Number, str] = {}
        """All messages that any participant received, by their numbers."""
        self.records = records
        self.streams = streams
        self.dropped = dropped
        self.asked = {id(record): requests(record) for record in records}
        self._progress: list[Progress] = []
        self._missing: list[tuple[Record, Number]] = []

    def check(self) -> list[str]:
        """Every broken promise as a sentence; none for a good record."""
        for record in self.records:
            self._follow(record)
        for record, number in self._missing:
            self._check_missing(record, number)
        for record in self.records:
            for asked in self.asked[id(record)].values():
                self.check_answers(record, asked)
            self.check_order(record)
        for progress in self._progress:
            self._check_end(progress)
        for session in {record.session for record in self.records}:
            self.check_session(session)
        return self.faults

    def fault(self, who: str, what: str) -> None:
        """Note a broken promise."""
        self.faults.append(f"{who}: {what}")

    # --- For subclasses

    def received(self, record: Record, number: Number, frame: Frame) -> None:
        """A numbered message has come."""

    def opened(self, record: Record, event: Opened) -> None:
        """A connection was opened."""

    def check_answers(self, record: Record, asked: Asked) -> None:
        """One request has one result, and the result is not a bug."""
        where = f"{record.name}: {asked.state} {asked.id}"
        last = asked.last
        if last is None:
            if record.settled:
                self.fault(where, "was never answered")
            return
        different = [one for one in asked.answers if is_last(one) and one != last]
        if different:
            self.fault(where, f"was answered differently: {last} and {different}")
        elif last["state"] not in (asked.state, "error"):
            self.fault(where, f"has the reply of another state: {last}")
        elif last.get("code") in BUGS:
            self.fault(where, f"failed: {last}")

    def check_order(self, record: Record) -> None:
        """Requests that were unhandled at first and sent again later have no fixed place."""
        latest: Asked | None = None
        for asked in sorted(self._numbered(record), key=lambda one: one.numbers[0]):
            if latest is not None and asked.order < latest.order:
                self.fault(record.name, f"{asked.id} was handled after {latest.id}")
            latest = asked

    def check_session(self, session: str) -> None:
        """A session with participants is never forgotten: it has one epoch."""
        epochs = {
            event.data["epoch"]
            for record in self.records
            if record.session == session
            for event in record.openings
        }
        if len(epochs) > 1:
            self.fault(session, f"was forgotten: {len(epochs)} epochs")

    def _numbered(self, record: Record) -> list[Asked]:
        """Requests whose reply has a place in the order of the session."""
        return [
            asked
            for asked in self.asked[id(record)].values()
            if asked.numbers and asked.state not in self.streams and not asked.unhandled
        ]

    # --- The numbers that each participant got

    def _follow(self, record: Record) -> None:
        progress = Progress(record)
        self._progress.append(progress)
        for event in record.events:
            if isinstance(event, Opened):
                self._opened(progress, event)
            elif isinstance(event, Got):
                self._got(progress, event.frame)

    def _opened(self, progress: Progress, event: Opened) -> None:
        data, record = event.data, progress.record
        if progress.participant and data["participant"] != progress.participant:
            self.fault(record.name, "came back as another participant")
        progress.participant = data["participant"]
        people = {one["participant"] for one in data["participants"]}
        if progress.participant not in people:
            self.fault(record.name, "is not among the participants")
        if data["recovered"]:
            if event.resume is None or event.resume["epoch"] != data["epoch"]:
                self.fault(record.name, "recovered messages that it did not request")
            elif event.resume["seq"] != progress.seen:
                self.fault(record.name, f"asked for {event.resume['seq']}, saw {progress.seen}")
            progress.expected = data["seq"], people
        else:
            progress.epoch, progress.seen, progress.people = data["epoch"], data["seq"], people
            progress.expected = None
        self.opened(record, event)

    def _got(self, progress: Progress, frame: Frame) -> None:
        seq = frame.get("seq")
        if seq is None:
            return
        record = progress.record
        if seq <= progress.seen:
            # The recorded reply of a request that was sent again has the number it had.
            if "id" not in frame or "from" in frame:
                self.fault(record.name, f"got {seq} again")
        elif seq > progress.seen + 1:
            for missing in range(progress.seen + 1, seq):
                self._missing.append((record, (record.session, progress.epoch, missing)))
        progress.seen = max(progress.seen, seq)
        self._compare_content(progress, (record.session, progress.epoch, seq), frame)
        if frame["state"] in PRESENCE:
            self._changed(progress, seq, frame["state"], frame["data"])

    def _changed(self, progress: Progress, seq: int, state: str, data: Frame) -> None:
        """Apply an announcement. The first one after a replay brings all changes that
        `initialised` named already: then both lists must be alike.
        """
        expected = progress.expected
        if expected is None or seq <= expected[0]:
            _apply(progress.people, state, data)
            return
        progress.expected = None
        if data.keys() != {"total"}:
            _apply(progress.people, state, data)
            _apply(expected[1], state, data)
            if progress.people != expected[1]:
                self.fault(progress.record.name, "the participants do not fit who joined and left")

    def _check_missing(self, record: Record, number: Number) -> None:
        """Only messages that need not be kept, or are for their sender alone, may be missing."""
        content = self.log.get(number)
        state = None if content is None else json.loads(content)[0]
        if state == "error":
            # The end of another participant's stream.
            return
        if content is None and self._somebody_was_closed(number[0]):
            # The end of a stream of theirs alone, which no connection was left to receive.
            return
        if not self.dropped or (state is not None and state not in self.dropped):
            self.fault(record.name, f"never got {number[2]}, {content}")

    def _somebody_was_closed(self, session: str) -> bool:
        return any(one.session == session and not one.settled for one in self.records)

    def _compare_content(self, progress: Progress, number: Number, frame: Frame) -> None:
        # A frame without `from` is the participant's own, also the end of a broken stream.
        nobody = frame["state"] in PRESENCE or frame["state"] == "held"
        sender = frame.get("from") or ("" if nobody else progress.participant)
        content = json.dumps([frame["state"], frame.get("data"), frame.get("more", False), sender])
        known = self.log.setdefault(number, content)
        if known != content:
            self.fault(progress.record.name, f"got {content} as {number[2]}, others {known}")
        self.received(progress.record, number, frame)

    def _check_end(self, progress: Progress) -> None:
        """A participant that settled received every message that was acknowledged to anybody."""
        record = progress.record
        if not record.settled:
            return
        for other in self.records:
            if other.session != record.session:
                continue
            for asked in self.asked[id(other)].values():
                last = max(asked.numbers, default=0)
                if last > progress.seen and asked.state not in self.dropped:
                    self.fault(record.name, f"never got {last}, {asked.state} of {other.name}")


def _apply(people: set[str], state: str, data: Frame) -> None:
    """Apply an announcement to a list of participants."""
    joined = data.get("joined", [data] if state == "joined" else [])
    left = data.get("left", [data] if state == "left" else [])
    if "participants" in data:
        people.clear()
        joined = data["participants"]
    people.update(one["participant"] for one in joined)
    people.difference_update(one["participant"] for one in left)

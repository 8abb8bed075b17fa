"""Whether the records of all participants of some sessions keep the promises of the protocol.

Nothing lost, nothing doubled, order kept: each participant hears every number of its session once
and in order; all hear the same under the same number; a request is handled once, its answers are
equal, and what one participant asked for is handled in the order it was sent; a snapshot holds
what was acknowledged before it, and nothing twice.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.engine.chaos.record import Asked, Frame, Got, Opened, Record, requests
from tests.engine.chaos.states import ROOM, STREAMS, WRITES

PRESENCE = frozenset({"joined", "left"})

Number = tuple[str, str, int]
"""A room message: session, epoch, seq."""


def check(records: Sequence[Record]) -> list[str]:
    """Every broken promise as a sentence; none for a good record."""
    checker = Checker(records)
    checker.run()
    return checker.faults


@dataclass(slots=True)
class Shot:
    """One snapshot; `said`: when its hello was sent."""

    who: str
    epoch: str
    seq: int
    said: float
    lines: list[str]


@dataclass(slots=True)
class Walk:
    """How far a participant has heard its session."""

    record: Record
    epoch: str = ""
    seen: int = 0
    participant: str = ""
    people: set[str] = field(default_factory=set[str])
    expected: tuple[int, set[str]] | None = None


class Checker:
    """See the module. `log`: what everybody together heard, by its number."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.faults: list[str] = []
        self.log: dict[Number, str] = {}
        self._records = records
        self._asked = {id(record): requests(record) for record in records}
        self._walks: list[Walk] = []
        self._texts: defaultdict[tuple[str, str, int | None], list[Number]] = defaultdict(list)
        self._shots: defaultdict[str, list[Shot]] = defaultdict(list)

    def run(self) -> None:
        """Look at everything."""
        for record in self._records:
            self._walk(record)
        for record in self._records:
            self._answers(record)
            self._order(record)
        self._ends()
        for session in {record.session for record in self._records}:
            self._snapshots(session)

    def _fault(self, who: str, what: str) -> None:
        self.faults.append(f"{who}: {what}")

    # --- the numbers each one heard

    def _walk(self, record: Record) -> None:
        walk = Walk(record)
        self._walks.append(walk)
        for event in record.events:
            if isinstance(event, Opened):
                self._opened(walk, event)
            elif isinstance(event, Got):
                self._got(walk, event.frame)
            self._look_around(walk)

    def _opened(self, walk: Walk, event: Opened) -> None:
        data, record = event.data, walk.record
        if walk.participant and data["participant"] != walk.participant:
            self._fault(record.name, "came back as somebody else")
        walk.participant = data["participant"]
        people = {one["participant"] for one in data["participants"]}
        if walk.participant not in people:
            self._fault(record.name, "is not among the participants")
        if data["recovered"]:
            if event.resume is None or event.resume["epoch"] != data["epoch"]:
                self._fault(record.name, "recovered what it did not ask for")
            elif event.resume["seq"] != walk.seen:
                self._fault(record.name, f"asked for {event.resume['seq']}, but saw {walk.seen}")
            walk.expected = data["seq"], people
        else:
            walk.epoch, walk.seen, walk.people = data["epoch"], data["seq"], people
            walk.expected = None
        shot = Shot(record.name, data["epoch"], data["seq"], event.said, data["snapshot"]["lines"])
        self._shots[record.session].append(shot)

    def _got(self, walk: Walk, frame: Frame) -> None:
        seq = frame.get("seq")
        if seq is None:
            return
        record = walk.record
        number = (record.session, walk.epoch, seq)
        if seq <= walk.seen:
            # The recorded reply of a request that was sent again has the number it had.
            if "id" not in frame or "from" in frame:
                self._fault(record.name, f"heard {seq} again")
        elif seq > walk.seen + 1:
            self._fault(record.name, f"heard {seq} after {walk.seen}")
        walk.seen = max(walk.seen, seq)
        self._remember(walk, number, frame)
        if frame["state"] == "joined":
            walk.people.add(frame["data"]["participant"])
        elif frame["state"] == "left":
            walk.people.discard(frame["data"]["participant"])

    def _remember(self, walk: Walk, number: Number, frame: Frame) -> None:
        # What has no `from` is one's own, also the end of a broken stream, which has no id.
        sender = frame.get("from") or ("" if frame["state"] in PRESENCE else walk.participant)
        content = json.dumps([frame["state"], frame["data"], frame.get("more", False), sender])
        known = self.log.setdefault(number, content)
        if known != content:
            self._fault(walk.record.name, f"heard {content} as {number[2]}, others {known}")
        data: Frame = frame["data"] or {}
        if "text" in data:
            numbers = self._texts[number[0], data["text"], data.get("number")]
            if number not in numbers:
                numbers.append(number)

    def _look_around(self, walk: Walk) -> None:
        """After a replay: the people that `initialised` named are those who came and went."""
        if walk.expected is None or walk.seen < walk.expected[0]:
            return
        if walk.seen == walk.expected[0] and walk.people != walk.expected[1]:
            self._fault(walk.record.name, "the participants do not fit who joined and left")
        walk.expected = None

    # --- the requests of each one

    def _answers(self, record: Record) -> None:
        missed = any(not one.data["recovered"] for one in record.openings[1:])
        for asked in self._asked[id(record)].values():
            where = f"{record.name}: {asked.state} {asked.id}"
            lasts = [one for one in asked.answers if one == asked.last]
            others = [one for one in asked.answers if one.get("more") is None and one not in lasts]
            if asked.last is None:
                if record.settled:
                    self._fault(where, "was never answered")
            elif any(one.get("code") not in ("broker_unavailable", "conflict") for one in others):
                self._fault(where, f"was answered differently: {lasts[0]} and {others}")
            elif asked.last["state"] == "error":
                if not (asked.state in STREAMS and asked.last["code"] == "interrupted"):
                    self._fault(where, f"failed: {asked.last}")
            else:
                self._fits(where, asked, asked.last, missed=missed)
            self._handled_once(record, where, asked)

    def _fits(self, where: str, asked: Asked, last: Frame, *, missed: bool) -> None:
        if last["state"] != asked.state:
            self._fault(where, f"has the reply of another state: {last}")
        elif asked.state in STREAMS:
            numbers: list[int] = []
            for one in asked.answers:
                if one.get("more") and one["data"]["number"] not in numbers:
                    numbers.append(one["data"]["number"])
            if numbers != list(range(asked.data["upto"])) and not missed:
                self._fault(where, f"streamed {numbers}")
        elif last["data"]["text"] != asked.text:
            self._fault(where, f"has another's reply: {last}")
        if (asked.state in ROOM | STREAMS) != ("seq" in last):
            self._fault(where, f"has a reply of the wrong kind: {last}")

    def _handled_once(self, record: Record, where: str, asked: Asked) -> None:
        keys: Iterable[int | None] = (None,)
        if asked.state in STREAMS:
            keys = range(asked.data["upto"])
        for key in keys:
            numbers = self._texts[record.session, asked.text, key]
            if len(numbers) > 1:
                self._fault(where, f"was handled more than once: {[one[2] for one in numbers]}")

    def _order(self, record: Record) -> None:
        """What was told to be unhandled was sent again later: it has no place of its own."""
        handled: list[tuple[Number, Asked]] = []
        for asked in self._asked[id(record)].values():
            numbers = self._texts[record.session, asked.text, None]
            if asked.state in ROOM and numbers:
                handled.append((numbers[0], asked))
            if asked.state in STREAMS:
                self._order_of_pieces(record, asked)
        handled.sort(key=lambda pair: pair[0][2])
        self._in_order(record, [asked for _, asked in handled], "handled")

    def _order_of_pieces(self, record: Record, asked: Asked) -> None:
        found = [
            self._texts[record.session, asked.text, number] for number in range(asked.data["upto"])
        ]
        seqs = [numbers[0][2] for numbers in found if numbers]
        if seqs != sorted(seqs):
            self._fault(f"{record.name}: {asked.id}", f"its pieces are numbered {seqs}")

    def _in_order(self, record: Record, found: Sequence[Asked], how: str) -> None:
        latest: Asked | None = None
        for asked in found:
            if asked.unhandled:
                continue
            if latest is not None and asked.order < latest.order:
                self._fault(record.name, f"{asked.id} was {how} after {latest.id}")
            latest = asked

    # --- the ends

    def _ends(self) -> None:
        """Who settled heard everything that anybody was told to be done."""
        for walk in self._walks:
            record = walk.record
            if not record.settled:
                continue
            for other in self._records:
                if other.session != record.session:
                    continue
                for asked in self._asked[id(other)].values():
                    last = asked.last
                    if last is not None and last.get("seq", 0) > walk.seen:
                        self._fault(record.name, f"never heard {last['seq']}, {other.name}'s")

    # --- the documents

    def _snapshots(self, session: str) -> None:
        shots = sorted(self._shots[session], key=lambda shot: (shot.seq, len(shot.lines)))
        epochs = list(dict.fromkeys(shot.epoch for shot in shots))
        if len(epochs) > 1:
            self._fault(session, f"was forgotten: {len(epochs)} epochs")
        records = [record for record in self._records if record.session == session]
        written = {
            asked.text: (record, asked)
            for record in records
            for asked in self._asked[id(record)].values()
            if asked.state in WRITES
        }
        former: list[str] = []
        for shot in shots:
            self._snapshot(session, shot, written)
            if shot.lines[: len(former)] != former:
                self._fault(shot.who, "its snapshot does not go on where an earlier one ended")
            former = shot.lines
        for record in records:
            own = [written[line] for line in former if line in written]
            asked = [one for whose, one in own if whose is record]
            self._in_order(record, asked, "written")
        for record, asked in written.values():
            self._place(record, asked, former)

    def _snapshot(self, session: str, shot: Shot, written: dict[str, tuple[Record, Asked]]) -> None:
        lines = set(shot.lines)
        if len(lines) < len(shot.lines):
            twice = [line for line, count in Counter(shot.lines).items() if count > 1]
            self._fault(shot.who, f"its snapshot has lines twice: {twice}")
        if strange := lines - written.keys():
            self._fault(shot.who, f"its snapshot has lines that nobody wrote: {strange}")
        for text, (_, asked) in written.items():
            numbers = self._texts[session, text, None]
            if numbers and (numbers[0][2] <= shot.seq) != (text in lines):
                self._fault(shot.who, f"its snapshot at {shot.seq} does not fit {numbers[0]}")
            told = asked.done is not None and asked.done < shot.said
            good = asked.last is not None and asked.last["state"] == asked.state
            if told and good and text not in lines:
                self._fault(shot.who, f"its snapshot lacks {text}, which was acknowledged")

    def _place(self, record: Record, asked: Asked, lines: list[str]) -> None:
        last = asked.last
        if asked.state != "jot" or last is None or last["state"] != "jot":
            return
        place = last["data"]["place"]
        if place < len(lines) and lines[place] != asked.text:
            self._fault(record.name, f"{asked.id} was written at another place than {place}")

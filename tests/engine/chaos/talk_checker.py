"""The promises, for the states of these tests: every text is unique, and the document is known.

Beside what `Checker` finds: a request is handled once, a document has what was acknowledged before
it was sent, nothing twice, and in the order of the requests.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from duplex_dev.testing.promises.checker import Checker, Number
from duplex_dev.testing.promises.record import Asked, Frame, Opened, Record

from tests.engine.chaos.states import ROOM, STREAMS, WRITES


def check(records: Sequence[Record]) -> list[str]:
    """Every broken promise as a sentence; none for a good record."""
    return TalkChecker(records, STREAMS).check()


@dataclass(slots=True)
class Snapshot:
    """A document that a participant was given; `hello_at`: when its hello was sent."""

    who: str
    seq: int
    hello_at: float
    lines: list[str]


class TalkChecker(Checker):
    """See the module."""

    def __init__(self, records: Sequence[Record], streams: frozenset[str]) -> None:
        super().__init__(records, streams)
        self._texts: defaultdict[tuple[str, str, int | None], list[Number]] = defaultdict(list)
        self._snapshots: defaultdict[str, list[Snapshot]] = defaultdict(list)

    def received(self, record: Record, number: Number, frame: Frame) -> None:
        data: Frame = frame.get("data") or {}
        if "text" in data:
            numbers = self._texts[number[0], data["text"], data.get("number")]
            if number not in numbers:
                numbers.append(number)

    def opened(self, record: Record, event: Opened) -> None:
        data = event.data
        found = Snapshot(record.name, data["seq"], event.hello_at, data["snapshot"]["lines"])
        self._snapshots[record.session].append(found)

    # --- The requests

    def check_answers(self, record: Record, asked: Asked) -> None:
        super().check_answers(record, asked)
        where = f"{record.name}: {asked.state} {asked.id}"
        last = asked.last
        if last is not None and last["state"] == "error":
            if not (asked.state in STREAMS and last["code"] == "interrupted"):
                self.fault(where, f"failed: {last}")
        elif last is not None:
            self._fits(where, asked, last, missed=_has_missed(record))
        self._handled_once(record, where, asked)

    def _fits(self, where: str, asked: Asked, last: Frame, *, missed: bool) -> None:
        if asked.state in STREAMS:
            numbers: list[int] = []
            for one in asked.answers:
                if one.get("more") and one["data"]["number"] not in numbers:
                    numbers.append(one["data"]["number"])
            if numbers != list(range(asked.data["upto"])) and not missed:
                self.fault(where, f"streamed {numbers}")
        elif last["data"]["text"] != _text(asked):
            self.fault(where, f"has another's reply: {last}")
        if (asked.state in ROOM | STREAMS) != ("seq" in last):
            self.fault(where, f"has a reply of the wrong kind: {last}")

    def _handled_once(self, record: Record, where: str, asked: Asked) -> None:
        keys = range(asked.data["upto"]) if asked.state in STREAMS else (None,)
        for key in keys:
            numbers = self._texts[record.session, _text(asked), key]
            if len(numbers) > 1:
                self.fault(where, f"was handled more than once: {[one[2] for one in numbers]}")

    def check_order(self, record: Record) -> None:
        super().check_order(record)
        for asked in self.asked[id(record)].values():
            if asked.state in STREAMS:
                keys = range(asked.data["upto"])
                found = [self._texts[record.session, _text(asked), key] for key in keys]
                seqs = [numbers[0][2] for numbers in found if numbers]
                if seqs != sorted(seqs):
                    self.fault(f"{record.name}: {asked.id}", f"its pieces are numbered {seqs}")

    # --- The documents

    def check_session(self, session: str) -> None:
        super().check_session(session)
        written = {
            _text(asked): (record, asked)
            for record in self.records
            if record.session == session
            for asked in self.asked[id(record)].values()
            if asked.state in WRITES
        }
        former: list[str] = []
        for found in sorted(self._snapshots[session], key=lambda one: (one.seq, len(one.lines))):
            self._check_snapshot(session, found, written)
            if found.lines[: len(former)] != former:
                self.fault(found.who, "its snapshot does not go on where an earlier one ended")
            former = found.lines
        self._check_written_order([written[line] for line in former if line in written])
        for record, asked in written.values():
            self._check_place(record, asked, former)

    def _check_snapshot(
        self, session: str, found: Snapshot, written: dict[str, tuple[Record, Asked]]
    ) -> None:
        lines = set(found.lines)
        if len(lines) < len(found.lines):
            twice = [line for line, count in Counter(found.lines).items() if count > 1]
            self.fault(found.who, f"its snapshot has lines twice: {twice}")
        if strange := lines - written.keys():
            self.fault(found.who, f"its snapshot has lines that nobody wrote: {strange}")
        for text, (_, asked) in written.items():
            numbers = self._texts[session, text, None]
            if numbers and (numbers[0][2] <= found.seq) != (text in lines):
                self.fault(found.who, f"its snapshot at {found.seq} does not fit {numbers[0]}")
            told = asked.done is not None and asked.done < found.hello_at
            good = asked.last is not None and asked.last["state"] == asked.state
            if told and good and text not in lines:
                self.fault(found.who, f"its snapshot lacks {text}, which was acknowledged")

    def _check_written_order(self, written: list[tuple[Record, Asked]]) -> None:
        latest: dict[str, Asked] = {}
        for record, asked in written:
            if asked.unhandled:
                continue
            before = latest.get(record.name)
            if before is not None and asked.order < before.order:
                self.fault(record.name, f"{asked.id} was written after {before.id}")
            latest[record.name] = asked

    def _check_place(self, record: Record, asked: Asked, lines: list[str]) -> None:
        last = asked.last
        if asked.state != "jot" or last is None or last["state"] != "jot":
            return
        place = last["data"]["place"]
        if place < len(lines) and lines[place] != _text(asked):
            self.fault(record.name, f"{asked.id} was written at another place than {place}")


def _text(asked: Asked) -> str:
    """The text that no other request has."""
    return str(asked.data["text"])


def _has_missed(record: Record) -> bool:
    return any(not one.data["recovered"] for one in record.openings[1:])

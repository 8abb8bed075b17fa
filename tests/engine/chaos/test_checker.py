"""The checker finds what it is for: each record here was good, and then one thing was falsified."""

import copy
from collections.abc import Callable

import pytest
from duplex_dev.testing.promises.checker import Checker
from duplex_dev.testing.promises.record import Frame, Got, Record

from tests.engine.chaos.scripted import Play, good
from tests.engine.chaos.talk_checker import check


def test_a_correct_record_passes() -> None:
    play = good()
    assert check([play.ada, play.bob]) == []


def test_held_fields_are_the_same_for_everybody() -> None:
    play = good()
    play.hold({"number": 1})
    assert check([play.ada, play.bob]) == []
    [*_, last] = play.bob.events
    assert isinstance(last, Got)
    last.frame["data"]["round"] = None
    assert check([play.ada, play.bob]) != []


def test_a_conflict_that_a_handler_raised_is_its_answer() -> None:
    play = good()
    play.send(play.ada, "ada-5", "say")
    play.error(play.ada, "ada-5", "conflict")
    assert Checker([play.ada, play.bob], streams={"count"}).check() == []


def test_a_change_may_be_announced_after_a_list_that_has_it() -> None:
    play = good()
    play.ada.openings[-1].data["participants"].append({"participant": "eve"})
    assert check([play.ada, play.bob]) == []
    play.announce("eve", "kim")
    assert check([play.ada, play.bob]) == []


def test_a_broken_stream_ends_for_everybody() -> None:
    play = good()
    play.send(play.bob, "bob-3", "count", upto=2)
    play.piece(play.bob, "bob-3", 0)
    play.piece(play.bob, "bob-3", None)
    del frame(play.bob, 11)["id"]
    play.error(play.bob, "bob-3", "interrupted")
    assert check([play.ada, play.bob]) == []
    frame(play.ada, 11)["from"] = "ada"
    assert check([play.ada, play.bob]) != []


def got(record: Record, seq: int) -> int:
    """Where in the record the message of this number is."""
    for index, event in enumerate(record.events):
        if isinstance(event, Got) and event.frame.get("seq") == seq:
            return index
    raise AssertionError(seq)


def frame(record: Record, seq: int) -> Frame:
    event = record.events[got(record, seq)]
    assert isinstance(event, Got)
    return event.frame


def loses(play: Play) -> None:
    del play.bob.events[got(play.bob, 4)]


def loses_the_last(play: Play) -> None:
    del play.ada.events[got(play.ada, 9)]


def loses_an_answer(play: Play) -> None:
    del play.ada.events[got(play.ada, 3)]


def doubles(play: Play) -> None:
    index = got(play.bob, 4)
    play.bob.events.insert(index, copy.deepcopy(play.bob.events[index]))


def turns_round(play: Play) -> None:
    one, other = got(play.bob, 3), got(play.bob, 4)
    events = play.bob.events
    events[one], events[other] = events[other], events[one]


def hears_another(play: Play) -> None:
    frame(play.bob, 4)["data"]["text"] = "something else"


def hears_of_another(play: Play) -> None:
    frame(play.bob, 4)["from"] = "eve"


def handles_twice(play: Play) -> None:
    play.message(play.ada, "ada-1", "say")


def pieces_twice(play: Play) -> None:
    play.piece(play.bob, "bob-2", 0)


def handles_out_of_order(play: Play) -> None:
    for record in (play.ada, play.bob):
        first, second = frame(record, 3), frame(record, 4)
        for key in ("state", "data", "id"):
            if key in first:
                first[key], second[key] = second[key], first[key]


def writes_out_of_order(play: Play) -> None:
    play.send(play.bob, "bob-3", "jot")
    play.send(play.bob, "bob-4", "jot")
    play.jot(play.bob, "bob-4")
    play.jot(play.bob, "bob-3")
    play.open(play.bob, 9, recovered=True)


def forgets_a_line(play: Play) -> None:
    play.ada.openings[-1].data["snapshot"]["lines"].remove("bob-1 jot")


def forgets_a_note(play: Play) -> None:
    play.bob.openings[-1].data["snapshot"]["lines"].remove("ada-3 note")


def writes_twice(play: Play) -> None:
    play.bob.openings[-1].data["snapshot"]["lines"].append("ada-2 note")


def writes_of_itself(play: Play) -> None:
    play.bob.openings[-1].data["snapshot"]["lines"].append("nobody's")


def writes_too_early(play: Play) -> None:
    play.ada.openings[-1].data["snapshot"]["lines"].append("ada-3 note")


def writes_elsewhere(play: Play) -> None:
    for _, one in play.bob.frames():
        if one["state"] == "jot":
            one["data"]["place"] = 0


def begins_anew(play: Play) -> None:
    play.ada.openings[-1].data["epoch"] = "f"


def mixes_up_replies(play: Play) -> None:
    for record in (play.ada, play.bob):
        frame(record, 3)["data"]["text"] = "ada-9 say"


def answers_twice_differently(play: Play) -> None:
    again = copy.deepcopy(play.ada.events[got(play.ada, 3)])
    assert isinstance(again, Got)
    again.frame["data"]["text"] = "ada-1 say!"
    play.ada.events.append(again)


def fails(play: Play) -> None:
    play.send(play.bob, "bob-3", "say")
    play.error(play.bob, "bob-3", "internal")


def leaves_a_piece_out(play: Play) -> None:
    for record in (play.ada, play.bob):
        frame(record, 8)["data"] = {"text": "bob-2 count", "number": 0}


def pieces_out_of_order(play: Play) -> None:
    for record in (play.ada, play.bob):
        first, second = frame(record, 7)["data"], frame(record, 8)["data"]
        first["number"], second["number"] = 1, 0


def comes_back_as_another(play: Play) -> None:
    play.ada.openings[-1].data["participant"] = "bob"


def forgets_who_is_there(play: Play) -> None:
    """It shows at the next announcement: until then a change may not be announced yet."""
    del play.ada.openings[-1].data["participants"][1]
    play.announce("eve")


def recovers_unasked(play: Play) -> None:
    play.ada.openings[-1].resume = None


FALSIFIED: list[tuple[Callable[[Play], None], str]] = [
    (loses, "bob: never got 4"),
    (loses_the_last, "ada: never got 9, count of bob"),
    (loses_an_answer, "ada-1: was never answered"),
    (doubles, "bob: got 4 again"),
    (turns_round, "bob: got 3 again"),
    (hears_another, "as 4, others"),
    (hears_of_another, "as 4, others"),
    (handles_twice, "ada-1: was handled more than once"),
    (pieces_twice, "bob-2: was handled more than once"),
    (handles_out_of_order, "ada: ada-1 was handled after ada-2"),
    (writes_out_of_order, "bob: bob-3 was written after bob-4"),
    (forgets_a_line, "lacks bob-1 jot, which was acknowledged"),
    (forgets_a_note, "its snapshot at 9 does not fit"),
    (writes_twice, "its snapshot has lines twice: ['ada-2 note']"),
    (writes_of_itself, 'lines that nobody wrote: {"nobody\'s"}'),
    (writes_too_early, "its snapshot at 5 does not fit"),
    (writes_elsewhere, "bob-1 was written at another place than 0"),
    (begins_anew, "was forgotten: 2 epochs"),
    (mixes_up_replies, "ada-1: has another's reply"),
    (answers_twice_differently, "ada-1: was answered differently"),
    (fails, "bob-3: failed"),
    (leaves_a_piece_out, "bob-2: streamed [0]"),
    (pieces_out_of_order, "bob-2: streamed [1, 0]"),
    (comes_back_as_another, "ada: came back as another participant"),
    (forgets_who_is_there, "the participants do not fit"),
    (recovers_unasked, "ada: recovered messages that it did not request"),
]


@pytest.mark.parametrize(
    ("falsify", "fault"), FALSIFIED, ids=[one.__name__ for one, _ in FALSIFIED]
)
def test_each_kind_of_fault_is_found(falsify: Callable[[Play], None], fault: str) -> None:
    play = good()
    falsify(play)
    faults = check([play.ada, play.bob])
    assert any(fault in one for one in faults), faults

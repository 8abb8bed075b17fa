"""The record of a participant: its sent and received frames, ordered by its own time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from duplex.requests.outcomes import SENTENCES
from duplex.requests.runner import NO_LONGER_KEPT, STILL_HANDLED

Frame = dict[str, Any]

_CONFLICTS: Final = frozenset({SENTENCES["conflict"], NO_LONGER_KEPT, STILL_HANDLED})
"""The engine's conflicts. Those that a handler raised, such as `AlreadyHeld`, are its answer."""


@dataclass(slots=True)
class Sent:
    """A request went out, for the first time or again."""

    at: float
    id: str
    state: str
    data: Frame


@dataclass(slots=True)
class Opened:
    """`initialised` was received. `hello_at`: when the hello was sent; `resume`: its `resume`, if
    any.

    Times are seconds of one clock that all records share.
    """

    at: float
    hello_at: float
    resume: Frame | None
    data: Frame


@dataclass(slots=True)
class Got:
    """Any other frame came."""

    at: float
    frame: Frame


@dataclass(slots=True)
class Closed:
    """The connection ended; 1006 where no close frame came."""

    at: float
    code: int


Event = Sent | Opened | Got | Closed


@dataclass(slots=True)
class Record:
    """The record of one participant. `settled`: at its end everything was answered and received."""

    name: str
    session: str
    events: list[Event] = field(default_factory=list[Event])
    settled: bool = True

    @property
    def closes(self) -> list[int]:
        """The close codes, in order."""
        return [event.code for event in self.events if isinstance(event, Closed)]

    @property
    def openings(self) -> list[Opened]:
        """Every `initialised`, in order."""
        return [event for event in self.events if isinstance(event, Opened)]

    @property
    def errors(self) -> list[str]:
        """The codes of the error frames, in order."""
        return [frame["code"] for _, frame in self.frames() if frame["state"] == "error"]

    def frames(self) -> Iterator[tuple[float, Frame]]:
        """When each frame came, and the frame."""
        for event in self.events:
            if isinstance(event, Got):
                yield event.at, event.frame


@dataclass(slots=True)
class Asked:
    """One request with all its answers. `done`: when its last one first came."""

    id: str
    state: str
    data: Frame
    order: int
    answers: list[Frame] = field(default_factory=list[Frame])
    unhandled: bool = False
    done: float | None = None

    @property
    def numbers(self) -> list[int]:
        """The `seq` of its replies; replies to the sender alone have none."""
        return [one["seq"] for one in self.answers if "seq" in one]

    @property
    def last(self) -> Frame | None:
        """The answer that ended it."""
        return next((one for one in self.answers if is_last(one)), None)


def is_unhandled(frame: Frame) -> bool:
    """Whether it is an error after which the request is sent again: nothing was changed."""
    code = frame.get("code")
    return code == "broker_unavailable" or (code == "conflict" and frame["error"] in _CONFLICTS)


def is_last(frame: Frame) -> bool:
    """Whether an answer settles its request."""
    return not frame.get("more") and not is_unhandled(frame)


def requests(record: Record) -> dict[str, Asked]:
    """The requests of a participant by id, in the order of their first sending."""
    found: dict[str, Asked] = {}
    for event in record.events:
        if isinstance(event, Sent) and event.id not in found:
            found[event.id] = Asked(event.id, event.state, event.data, len(found))
        elif isinstance(event, Got) and "id" in event.frame:
            asked = found.get(event.frame["id"])
            if asked is None:
                continue
            asked.answers.append(event.frame)
            asked.unhandled |= is_unhandled(event.frame)
            if asked.done is None and is_last(event.frame):
                asked.done = event.at
    return found

"""A recorded conversation: the file that the inspector exports, and what a replay does of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from duplex_dev.console import TaskError

FORMAT = "session-conversation"
VERSION = 1

MOST_BYTES = 32 << 20
"""A larger file is not read. The inspector's own are far smaller."""

HIDDEN = "•••"
"""What the inspector writes instead of a secret; as a recorded value it stands for anything."""

CONTROLS = frozenset({"ping", "authenticate", "leave"})
"""What a client sends for the connection's sake; a replay has a connection of its own."""

NOTICES = frozenset(
    {"joined", "left", "expiring", "draining", "skipped", "pong", "authenticate", "initialised"}
)
"""What a server sends for the connection's sake, or about others."""

PASSING = frozenset({"idle", "slow", "broker_unavailable"})
"""Errors that answer no request and say how the connection fared."""

Frame = dict[str, Any]


class Recorded(BaseModel):
    """One frame that went over the wire, `at` milliseconds after the first one of the file."""

    model_config = ConfigDict(extra="ignore")

    direction: Literal["sent", "received"]
    at: float = 0
    frame: Frame
    cut: bool = False
    """Its data was too big for the inspector to keep."""


class Conversation(BaseModel):
    """What one participant sent and received, in order."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["session-conversation"]
    version: Literal[1]
    omitted: int = 0
    """Frames before the first of the file that the inspector no longer had."""
    ignore: list[str] = Field(default_factory=list[str])
    """Values not to compare: `STATE.data.field`, with `*` for anything."""
    frames: list[Recorded]


@dataclass(frozen=True, slots=True)
class Send:
    """Something to say, so many milliseconds after the beginning."""

    frame: Frame
    at: float

    @property
    def request(self) -> str | None:
        """The id of the request that it is, or that it cancels."""
        return request_of(self.frame)


@dataclass(frozen=True, slots=True)
class Expect:
    """A frame that the server answered with; `request` None: it named no request."""

    frame: Frame
    request: str | None
    cut: bool


@dataclass(frozen=True, slots=True)
class Script:
    """What of a conversation can be done again, with what could not."""

    name: str
    initialised: Frame
    steps: list[Send | Expect]
    others: int
    """Frames that other participants caused; a replay is alone in its session."""
    alone: bool
    """It began a session of its own, so the first document can be compared."""


def read(path: Path) -> Conversation:
    """The conversation in a file; raises TaskError when it is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TaskError(f"{path} is larger than {MOST_BYTES >> 20} MiB.")
        return Conversation.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise TaskError(
            f"{path} is not a conversation that the inspector exported: {where}: {first['msg']}."
        ) from None


def request_of(frame: Frame) -> str | None:
    """The id that a client's frame carries; that of the other request for a `cancel`."""
    if frame.get("state") == "cancel" and isinstance(frame.get("data"), dict):
        frame = {**frame["data"], **frame}
    found = frame.get("id")
    return found if isinstance(found, str) else None


def script_of(conversation: Conversation) -> Script:
    """What to say and what to hear. Raises TaskError for a file without a beginning."""
    frames = conversation.frames
    hello = next((one.frame for one in frames if is_hello(one)), None)
    first = next((one.frame for one in frames if one.frame.get("state") == "initialised"), None)
    if hello is None or first is None or not isinstance(first.get("data"), dict):
        raise TaskError("The conversation has no first frame with its `initialised`.")
    data: Frame = first["data"]
    writer = _Writer(own=str(data.get("participant")), start=frames[0].at)
    for one in frames:
        writer.take(one)
    name = hello.get("name")
    return Script(
        name=name if isinstance(name, str) and name else "Replay",
        initialised=first,
        steps=writer.steps,
        others=writer.others,
        alone="resume" not in hello and data.get("seq") in (0, 1) and not conversation.omitted,
    )


def is_hello(one: Recorded) -> bool:
    """The first frame of a connection is the only one without a state."""
    return one.direction == "sent" and "state" not in one.frame


class Ends:
    """Knows the frame that ends a broken stream for the others: its sender has the error."""

    def __init__(self) -> None:
        self._streams: set[object] = set()

    def is_one(self, frame: Frame) -> bool:
        """To be asked of every frame of one's own, in order."""
        if frame.get("more"):
            self._streams.add(frame.get("state"))
            return False
        empty = "id" not in frame and frame.get("data") is None
        return empty and frame.get("state") in self._streams


class _Writer:
    """Goes through the frames and leaves out what came twice, or has no place in a replay."""

    def __init__(self, own: str, start: float) -> None:
        self.steps: list[Send | Expect] = []
        self.others = 0
        self._own = own
        self._start = start
        self._sent: set[str] = set()
        self._answered: set[str] = set()
        self._cancelled: set[str] = set()
        self._ends = Ends()
        self._numbers: set[int] = set()

    def take(self, one: Recorded) -> None:
        if one.direction == "sent":
            self._send(one)
        else:
            self._expect(one)

    def _send(self, one: Recorded) -> None:
        state, request = one.frame.get("state"), request_of(one.frame)
        if state is None or state in CONTROLS:
            return
        if state == "cancel":
            # Known by the server already when it was answered before.
            if request in self._sent and request not in self._answered:
                self._cancelled.add(request)
                self.steps.append(Send(one.frame, one.at - self._start))
            return
        if request is not None:
            # Sent again after a lost connection: the server handles it once.
            if request in self._sent:
                return
            self._sent.add(request)
        self.steps.append(Send(one.frame, one.at - self._start))

    def _expect(self, one: Recorded) -> None:
        frame, request = one.frame, one.frame.get("id")
        if frame.get("state") in NOTICES:
            return
        if frame.get("from", self._own) != self._own:
            self.others += 1
            return
        if self._ends.is_one(frame):
            return
        number = frame.get("seq")
        if isinstance(number, int):
            if number in self._numbers:
                return
            self._numbers.add(number)
        if request is None:
            if frame.get("code") not in PASSING:
                self.steps.append(Expect(frame, None, one.cut))
            return
        if request not in self._sent or request in self._answered:
            return
        if frame.get("more") is True:
            # How many parts come before a cancel arrives is a matter of luck.
            if request in self._cancelled:
                return
        else:
            self._answered.add(request)
        self.steps.append(Expect(frame, request, one.cut))

"""A recorded conversation, and the steps of its replay.

The inspector exports the recording. Its script lists the frames to send and to expect.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from duplex.wire.protocol import CLIENT_STATES, SERVER_STATES
from duplex_dev.console import TaskError

MAX_BYTES = 32 << 20
"""A larger file is not read. The inspector's own are far smaller."""

HIDDEN = "•••"
"""The inspector's replacement of a secret; as a recorded value it matches anything."""

Frame = dict[str, Any]


class Recorded(BaseModel):
    """One frame that went over the wire, `at` milliseconds after the first one of the file."""

    model_config = ConfigDict(extra="ignore")

    direction: Literal["sent", "received"]
    at: float = 0
    frame: Frame
    cut: bool = False
    """Its data was too big for the inspector to keep."""

    @property
    def is_hello(self) -> bool:
        """Whether it is the first frame of a connection: the only one without a state."""
        return self.direction == "sent" and "state" not in self.frame


class Recording(BaseModel):
    """The frames that one participant sent and received, in order."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["session-conversation"]
    version: Literal[1]
    omitted: int = 0
    """Frames before the first of the file that the inspector no longer had."""
    ignore: list[str] = Field(default_factory=list[str])
    """Values not to compare: `STATE.data.field`, with `*` for anything."""
    frames: list[Recorded]


def read(path: Path) -> Recording:
    """Read a file; raises TaskError unless it is a recording."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TaskError(f"{path} is larger than {MAX_BYTES >> 20} MiB.")
        return Recording.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise TaskError(
            f"{path} is not a conversation that the inspector exported: {where}: {first['msg']}."
        ) from None


CONTROLS = CLIENT_STATES - {"cancel"}
"""Frames about the connection that a client sends: a replay has its own connection."""

NOTICES = (SERVER_STATES - {"error"}) | {"authenticate"}
"""Frames that a server sends about the connection, or about other participants."""

PASSING = frozenset({"idle", "slow", "broker_unavailable"})
"""Errors about the connection, which answer no request."""


@dataclass(frozen=True, slots=True)
class Send:
    """A frame to send, `at` milliseconds after the beginning."""

    frame: Frame
    at: float

    @property
    def request(self) -> str | None:
        """The id of the request, or of the request that it cancels."""
        return request_of(self.frame)


@dataclass(frozen=True, slots=True)
class Expect:
    """A frame that the server must send; `request` is None when it names no request."""

    frame: Frame
    request: str | None
    cut: bool


@dataclass(frozen=True, slots=True)
class Script:
    """The part of a recording that can be replayed, and a count of the other frames."""

    name: str
    initialised: Frame
    steps: list[Send | Expect]
    others: int
    """The number of frames that other participants caused: a replay is alone in its session."""
    alone: bool
    """Whether it began a new session, so that the first document can be compared."""


def request_of(frame: Frame) -> str | None:
    """The id that a client's frame carries; that of the other request for a `cancel`."""
    if frame.get("state") == "cancel" and isinstance(frame.get("data"), dict):
        frame = {**frame["data"], **frame}
    found = frame.get("id")
    return found if isinstance(found, str) else None


def script_of(recording: Recording) -> Script:
    """The steps of a replay. Raises TaskError for a recording without a beginning."""
    frames = recording.frames
    hello = next((one.frame for one in frames if one.is_hello), None)
    first = next((one.frame for one in frames if one.frame.get("state") == "initialised"), None)
    if hello is None or first is None or not isinstance(first.get("data"), dict):
        raise TaskError("The recording has no first frame with its `initialised`.")
    data: Frame = first["data"]
    writer = _StepWriter(own=str(data.get("participant")), start=frames[0].at)
    for recorded in frames:
        writer.take(recorded)
    name = hello.get("name")
    return Script(
        name=name if isinstance(name, str) and name else "Replay",
        initialised=first,
        steps=writer.steps,
        others=writer.others,
        alone="resume" not in hello and data.get("seq") in (0, 1) and not recording.omitted,
    )


class StreamEnds:
    """Finds the empty frame that ends a failed stream for other participants.

    The participant who sent the request gets an error instead.
    """

    def __init__(self) -> None:
        self._streams: set[object] = set()

    def contains(self, frame: Frame) -> bool:
        """Whether the frame is one; has to be called with every own frame, in order."""
        if frame.get("more"):
            self._streams.add(frame.get("state"))
            return False
        empty = "id" not in frame and frame.get("data") is None
        return empty and frame.get("state") in self._streams


class _StepWriter:
    """Turns frames into steps, without repeated frames and those about the connection."""

    def __init__(self, own: str, start: float) -> None:
        self.steps: list[Send | Expect] = []
        self.others = 0
        self._own = own
        self._start = start
        self._sent: set[str] = set()
        self._answered: set[str] = set()
        self._cancelled: set[str] = set()
        self._stream_ends = StreamEnds()
        self._numbers: set[int] = set()

    def take(self, recorded: Recorded) -> None:
        if recorded.direction == "sent":
            self._send(recorded)
        else:
            self._expect(recorded)

    def _send(self, recorded: Recorded) -> None:
        state, request = recorded.frame.get("state"), request_of(recorded.frame)
        if state is None or state in CONTROLS:
            return
        if state == "cancel":
            # Without effect when the request was answered before.
            if request in self._sent and request not in self._answered:
                self._cancelled.add(request)
                self.steps.append(Send(recorded.frame, recorded.at - self._start))
            return
        if request is not None:
            # Sent again after a lost connection: the server handles it once.
            if request in self._sent:
                return
            self._sent.add(request)
        self.steps.append(Send(recorded.frame, recorded.at - self._start))

    def _expect(self, recorded: Recorded) -> None:
        frame, request = recorded.frame, recorded.frame.get("id")
        if frame.get("state") in NOTICES:
            return
        if frame.get("from", self._own) != self._own:
            self.others += 1
            return
        if self._stream_ends.contains(frame):
            return
        number = frame.get("seq")
        if isinstance(number, int):
            if number in self._numbers:
                return
            self._numbers.add(number)
        if request is None:
            if frame.get("code") not in PASSING:
                self.steps.append(Expect(frame, None, recorded.cut))
            return
        if request not in self._sent or request in self._answered:
            return
        if frame.get("more") is True:
            # The number of parts before a cancel arrives varies.
            if request in self._cancelled:
                return
        else:
            self._answered.add(request)
        self.steps.append(Expect(frame, request, recorded.cut))

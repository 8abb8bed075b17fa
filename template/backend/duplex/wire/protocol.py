"""The words of the wire: reserved names, close codes, error codes, and the frames built from them.

A frame is one JSON object in one text message. Every frame of the server has `state`; `data` is
what that state says; an error has `state: "error"` with `error` (a sentence for people) and `code`
(for programs) on its top level. See docs/protocol.md.
"""

import re
from enum import IntEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints
from pydantic_core import from_json, to_json

CLIENT_STATES: Final = frozenset({"ping", "authenticate", "cancel", "leave"})
SERVER_STATES: Final = frozenset(
    {"initialised", "error", "joined", "left", "expiring", "draining", "skipped", "pong"}
)
RESERVED: Final = CLIENT_STATES | SERVER_STATES
"""Names no state of a team can have."""

STATE_NAME: Final = re.compile(r"[a-z][A-Za-z0-9]{0,63}\Z")
ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
"""Session and participant ids."""

REQUEST_ID_MAX: Final = 128
"""Characters of a request's id."""

NAME_MAX: Final = 80
"""Characters of a participant's name."""

ErrorCode = Literal[
    "bad_frame",
    "bad_hello",
    "unknown_state",
    "invalid_data",
    "not_signed_in",
    "forbidden",
    "too_fast",
    "too_many",
    "deadline",
    "conflict",
    "broker_unavailable",
    "internal",
    "cancelled",
    "interrupted",
    "refused",
    "too_big",
    "not_initialised",
    "idle",
    "slow",
]


class Close(IntEnum):
    """Close codes. 44xx are final, 45xx and 1001/1012 mean: reconnect and resume.

    A page that is put away and may come back says 4501, because JavaScript may not say 1001.
    """

    ENDED = 1000
    GOING_AWAY = 1001
    TOO_BIG = 1009
    BUG = 1011
    RESTART = 1012
    BAD_HELLO = 4400
    NOT_SIGNED_IN = 4401
    FORBIDDEN = 4403
    IDLE = 4408
    CONTRACT_CHANGED = 4409
    REPLACED = 4410
    TOO_FAST = 4429
    AWAY = 4501
    DRAINING = 4503
    SLOW = 4508


class Model(BaseModel):
    """The base of requests, responses and documents: unknown fields are an error, NaN is not a
    number.
    """

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )


class Resume(BaseModel):
    """What a returning client shows: its secret and the last number it saw."""

    token: Annotated[str, StringConstraints(max_length=128)]
    epoch: Annotated[str, StringConstraints(max_length=64)]
    seq: int


class Hello(BaseModel):
    """The first frame. Everything is optional; unknown fields are left alone, for newer clients."""

    model_config = ConfigDict(extra="ignore")

    token: Annotated[str, StringConstraints(max_length=8192)] | None = None
    session: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_MAX)] | None = (
        None
    )
    resume: Resume | None = None
    contract: Annotated[str, StringConstraints(max_length=128)] | None = None


class Control(BaseModel):
    """A frame with a reserved name: `data` is looked at by the one who handles it."""

    model_config = ConfigDict(extra="ignore")

    state: str
    id: Annotated[str, StringConstraints(min_length=1, max_length=REQUEST_ID_MAX)] | None = None
    data: JsonValue = None
    token: str | None = None


class Refused(Exception):
    """Raised by a handler to say no: an `error` frame with this sentence; the session lives on.

    `code` is one of the error codes, `details` any JSON object a page can use.
    """

    def __init__(
        self,
        sentence: str,
        code: ErrorCode = "refused",
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        # What is no JSON fails here, where it was written, and not when it is sent.
        error_head(sentence, code, {**(details or {})})
        super().__init__(sentence)
        self.sentence = sentence
        self.code: ErrorCode = code
        self.details = details


class Unreadable(Exception):
    """A frame that is not what the protocol expects; the sentence says what is."""


class Unopened(Exception):
    """A session that cannot be opened; the sentence says why, without the inside."""


def sanitize_data_request(data: JsonValue) -> JsonValue:
    """Leave out what is empty: None, "", [] and {}, at every depth. 0 and False are values and
    stay.
    """
    if isinstance(data, dict):
        cleaned = {key: sanitize_data_request(value) for key, value in data.items()}
        return {key: value for key, value in cleaned.items() if key and not _empty(value)}
    if isinstance(data, list):
        items = [sanitize_data_request(value) for value in data]
        return [value for value in items if not _empty(value)]
    return data


def _empty(value: JsonValue) -> bool:
    return value is None or value == "" or value == [] or value == {}


def pack(model: BaseModel, declared: type[BaseModel] | None = None) -> bytes:
    """A response or document as JSON, with the fields and names that the contract says: those of
    the `declared` model, so nothing that only a subclass of it has.
    """
    return (declared or type(model)).__pydantic_serializer__.to_json(model, by_alias=True)


def unpack(text: str) -> dict[str, JsonValue]:
    """One frame as an object. Raises `Unreadable` with a sentence for the sender."""
    try:
        frame: JsonValue = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        reason = str(error).split(" at line")[0]
        raise Unreadable(f"The frame is not valid JSON: {reason}.") from None
    if not isinstance(frame, dict):
        raise Unreadable("The frame must be a JSON object with `state` and `data`.")
    return frame


def head(state: str, data: bytes) -> bytes:
    """The beginning of a frame (see `Entry.head`); `data` is JSON."""
    return b'{"state":"%b","data":%b' % (state.encode(), data)


def notice(state: str, data: JsonValue = None, request_id: str | None = None) -> bytes:
    """A frame of the server with a reserved name."""
    frame: dict[str, JsonValue] = {"state": state, "data": data}
    if request_id is not None:
        frame["id"] = request_id
    return to_json(frame)


def error_head(sentence: str, code: ErrorCode, details: JsonValue = None) -> bytes:
    """The beginning of an error frame, without its id and closing brace."""
    frame: dict[str, JsonValue] = {"state": "error", "error": sentence, "code": code}
    if details:
        frame["details"] = details
    return to_json(frame, inf_nan_mode="null")[:-1]


def error(
    sentence: str, code: ErrorCode, request_id: str | None = None, details: JsonValue = None
) -> bytes:
    """A whole error frame."""
    tail = b"}" if request_id is None else b',"id":%b}' % to_json(request_id)
    return error_head(sentence, code, details) + tail

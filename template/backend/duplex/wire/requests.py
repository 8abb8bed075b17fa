"""The content of a client's frame: a request of a state, or a control frame."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isinf
from typing import Annotated, Final, cast

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints, ValidationError
from pydantic_core import to_json

from duplex.wire.messages import Rejected, Unreadable
from duplex.wire.protocol import CLIENT_STATES, REQUEST_ID_MAX, STATE_NAME_MAX

RequestId = Annotated[str, StringConstraints(min_length=1, max_length=REQUEST_ID_MAX)]


@dataclass(slots=True)
class Request:
    """A request whose data fits the model of its state. `size`: bytes of its frame, at most."""

    state: str
    data: BaseModel | None
    id: str | None
    size: int = 0


class Control(BaseModel):
    """A frame with a reserved name: `data` is read by the code that handles the name."""

    model_config = ConfigDict(extra="ignore")

    state: str
    id: RequestId | None = None
    data: JsonValue = None
    token: str | None = None


def read_control(name: str, frame: Mapping[str, JsonValue], request_id: str | None) -> Control:
    """The control frame of this name. Raises `Rejected`."""
    if name not in CLIENT_STATES:
        raise Rejected(f"There is no state {name[:STATE_NAME_MAX]!r}.", "unknown_state", request_id)
    try:
        return Control.model_validate(frame)
    except ValidationError:
        raise Rejected(f"This {name} is not valid.", "bad_frame", request_id) from None


def read_id(frame: Mapping[str, JsonValue]) -> str | None:
    """The id of a frame. Raises `Unreadable` when it is not one."""
    request_id = frame.get("id")
    if request_id is None:
        return None
    if not isinstance(request_id, str) or not 0 < len(request_id) <= REQUEST_ID_MAX:
        raise Unreadable(f"`id` must be text of 1 to {REQUEST_ID_MAX} characters.")
    return request_id


def _nothing(number: str) -> None:
    """In place of a number: parsing one of many digits is refused, and slow."""


_LENIENT: Final = json.JSONDecoder(
    parse_int=_nothing, parse_float=_nothing, parse_constant=_nothing, strict=False
)
"""Reads frames that `unpack` refuses, without their numbers."""

_LAST_ID: Final = re.compile(rf'"id"\s*:\s*"([^"\\]{{1,{REQUEST_ID_MAX}}})"\s*\}}\s*\Z')
"""An id at the end of a frame, where the page puts it."""


def find_id(text: str) -> str | None:
    """The id of an unreadable frame, if it has one. Without the id in the error, the sender would
    wait forever. Accepts text that `unpack` refuses: lone surrogates, numbers out of range, text
    after the object, and too many levels before the id.
    """
    found: object = None
    try:
        frame: object = _LENIENT.raw_decode(text.lstrip())[0]
        if isinstance(frame, dict):
            found = cast("dict[str, object]", frame).get("id")
    except RecursionError:
        last = _LAST_ID.search(text)
        found = last[1] if last is not None else None
    except ValueError:
        return None
    if not isinstance(found, str) or not 0 < len(found) <= REQUEST_ID_MAX:
        return None
    return found if _is_text(found) else None


def _is_text(text: str) -> bool:
    """Whether it can be encoded: without lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def sanitize_data_request(data: JsonValue) -> JsonValue:
    """Remove empty values at every depth: None, "", [] and {}. 0 and False are values and stay."""
    if isinstance(data, dict):
        cleaned = {key: sanitize_data_request(value) for key, value in data.items()}
        return {key: value for key, value in cleaned.items() if key and not _is_empty(value)}
    if isinstance(data, list):
        items = [sanitize_data_request(value) for value in data]
        return [value for value in items if not _is_empty(value)]
    return data


def find_infinite(data: JsonValue) -> tuple[str, ...] | None:
    """The path of a number that is too big for a float, such as `1e999`; None without one."""
    may_have_one = b"Infinity" in to_json(data, inf_nan_mode="constants")
    return _find_infinite(data, ()) if may_have_one else None


def _find_infinite(value: JsonValue, path: tuple[str, ...]) -> tuple[str, ...] | None:
    if isinstance(value, float) and isinf(value):
        return path
    parts: Iterable[tuple[str | int, JsonValue]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    found = (_find_infinite(part, (*path, str(key))) for key, part in parts)
    return next((each for each in found if each is not None), None)


def _is_empty(value: JsonValue) -> bool:
    return value is None or value == "" or value == [] or value == {}

"""Text messages: parse those of a client, build those of the server.

A message is one JSON object. Every message of the server has `state`, and its content is `data`; an
error has `state: "error"` with `error` (a sentence for people) and `code` (for programs) on its top
level. See docs/protocol.md.
"""

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from duplex.wire.errors import Unreadable
from duplex.wire.protocol import ErrorCode


def unpack(text: str) -> dict[str, JsonValue]:
    """One message as an object. Raises `Unreadable` with a sentence for the sender."""
    try:
        frame: JsonValue = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        reason = str(error).split(" at line")[0]
        raise Unreadable(f"The frame is not valid JSON: {reason}.") from None
    if not isinstance(frame, dict):
        raise Unreadable("The frame must be a JSON object with `state` and `data`.")
    return frame


def head(state: str, data: bytes) -> bytes:
    """The beginning of a message, without its closing brace (see `Entry.head`); `data` is JSON."""
    return b'{"state":"%b","data":%b' % (state.encode(), data)


def notice(state: str, data: JsonValue = None, request_id: str | None = None) -> bytes:
    """A message of the server with a reserved name."""
    frame: dict[str, JsonValue] = {"state": state, "data": data}
    if request_id is not None:
        frame["id"] = request_id
    return to_json(frame)


def reply(state: str, data: bytes, request_id: str | None) -> bytes:
    """The answer to a request with a reserved name; `data` is JSON."""
    tail = b"}" if request_id is None else b',"id":%b}' % to_json(request_id)
    return head(state, data) + tail


def error_head(sentence: str, code: ErrorCode, details: JsonValue = None) -> bytes:
    """The beginning of an error message, without its id and closing brace."""
    frame: dict[str, JsonValue] = {"state": "error", "error": sentence, "code": code}
    if details:
        frame["details"] = details
    return to_json(frame, inf_nan_mode="null")[:-1]


def error(
    sentence: str, code: ErrorCode, request_id: str | None = None, details: JsonValue = None
) -> bytes:
    """A whole error message."""
    tail = b"}" if request_id is None else b',"id":%b}' % to_json(request_id)
    return error_head(sentence, code, details) + tail

"""Text messages: parse those of a client, build those of the server and those that report errors.

A message is one JSON object. Every message of the server has `state`, and its content is `data`; an
error has `state: "error"` with `error` (a sentence for people) and `code` (for programs) on its top
level. See docs/protocol.md. An exception that becomes an error frame carries its sentence.
"""

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from duplex.wire.protocol import Close, ErrorCode


class Refused(Exception):
    """Raised by a handler to refuse a request: its sender gets an `error` frame with this sentence,
    and the session continues.

    `code` is one of the error codes, `details` any JSON object for the page.
    """

    def __init__(
        self,
        sentence: str,
        code: ErrorCode = "refused",
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        # Values that are not JSON fail here, where they were written, and not when they are sent.
        to_json([sentence, code, details], inf_nan_mode="null")
        super().__init__(sentence)
        self.sentence = sentence
        self.code: ErrorCode = code
        self.details = details


class DocumentTooLarge(Refused):
    """The shared document would be larger than SESSION_MAX_DOCUMENT; nothing was changed."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The shared document would have {size} bytes, but is limited to {limit} bytes.",
            "document_too_large",
            {"limit": limit},
        )


class Rejected(Exception):
    """A request frame that is answered with an error instead of being handled."""

    def __init__(
        self, sentence: str, code: ErrorCode, request_id: str | None, details: JsonValue = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code: ErrorCode = code
        self.request_id = request_id
        self.details = details


class Unreadable(Exception):
    """A frame that does not follow the protocol; the sentence says what is expected."""


class CannotJoin(Exception):
    """A session that this connection cannot join. `close` is the code that the socket is closed
    with.
    """

    def __init__(self, sentence: str, code: ErrorCode, close: Close) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code: ErrorCode = code
        self.close = close


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

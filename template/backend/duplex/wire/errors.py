"""Exceptions that become an error frame. Each carries a sentence for the client."""

from pydantic import JsonValue
from pydantic_core import to_json

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

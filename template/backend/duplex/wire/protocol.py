"""The constants of the session protocol, the only place in Python where they are stated: reserved
names, close codes, error codes, limits and patterns. See docs/protocol.md.

The page's copy (`protocol.generated.ts`) is generated from this module; the questions' copy
(`hooks/names.jinja`) and the table of close codes (docs/protocol.md) are checked against it.
"""

import re
from enum import IntEnum
from typing import Final, Literal, get_args

CLIENT_STATES: Final = frozenset({"ping", "authenticate", "cancel", "participants", "leave"})
"""Reserved names that a client sends."""

SERVER_STATES: Final = frozenset(
    {
        "initialised",
        "error",
        "joined",
        "left",
        "presence",
        "participants",
        "expiring",
        "draining",
        "skipped",
        "held",
        "pong",
    }
)
"""Reserved names that the server sends."""

RESERVED: Final = CLIENT_STATES | SERVER_STATES
"""Names that no state of a team can have."""

STATE_NAME_MAX: Final = 64
"""Characters of a state's name."""

ID_MAX: Final = 64
"""Characters of a session's or participant's id."""

REQUEST_ID_MAX: Final = 128
"""Characters of a request's id."""

NAME_MAX: Final = 80
"""Characters of a participant's name."""

NAME_MARKS_MAX: Final = 4
"""Combining marks on one character of a name. Languages need up to four, such as Burmese, and
Hebrew with points and accents; more are drawn over the lines above and below.
"""

TOKEN_MAX: Final = 8192
"""Characters of an access token."""

RESUME_TOKEN_MAX: Final = 128
"""Characters of a resume token."""

FINGERPRINT_MAX: Final = 128
"""Characters of a contract's fingerprint."""

REQUESTS_IN_FLIGHT: Final = 128
"""Requests of one participant that may be queued or running at a time, streams included."""

STATE_NAME_PATTERN: Final = rf"[a-z][A-Za-z0-9]{{0,{STATE_NAME_MAX - 1}}}"
ID_PATTERN: Final = rf"[A-Za-z0-9_-]{{1,{ID_MAX}}}"
"""Of session and participant ids."""

STATE_NAME: Final = re.compile(rf"{STATE_NAME_PATTERN}\Z")
ID: Final = re.compile(rf"{ID_PATTERN}\Z")

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
    "document_too_large",
    "not_initialised",
    "idle",
    "slow",
]

ERROR_CODES: Final[tuple[ErrorCode, ...]] = get_args(ErrorCode)


StreamEnd = Literal["done", "cancelled", "interrupted", "failed"]
"""How a stream ended: `ended` in its last frame."""

STREAM_ENDS: Final[tuple[StreamEnd, ...]] = get_args(StreamEnd)


class Close(IntEnum):
    """Close codes. 44xx are final; after 45xx, 1001 and 1012 the client reconnects and resumes.

    Clients close with 4500 and 4501, because JavaScript may not use 1001: 4500 to resume at once on
    a new connection, 4501 when the page is suspended and may resume.
    """

    ENDED = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    NOT_TEXT = 1007
    POLICY = 1008
    TOO_BIG = 1009
    BUG = 1011
    RESTART = 1012
    BUSY = 1013
    BAD_HELLO = 4400
    NOT_SIGNED_IN = 4401
    FORBIDDEN = 4403
    IDLE = 4408
    CONTRACT_CHANGED = 4409
    REPLACED = 4410
    TOO_FAST = 4429
    RESUME = 4500
    AWAY = 4501
    DRAINING = 4503
    SLOW = 4508


FINAL_CODES: Final = range(4400, 4500)
"""Close codes after which a client must not reconnect by itself (in addition to `Close.ENDED`)."""

NO_CODE: Final = 1005
"""Never sent: reported for a close frame without a code."""

LOST: Final = 1006
"""Never sent: reported for a connection that ended without a close frame or never came up."""

"""The frames with reserved names, which the client and the server send besides the states.

Schemas are in the dialect of AsyncAPI and refer to the contract's types, see `asyncapi.py`.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from duplex.contract.describe import REFERENCE, Schema, plain
from duplex.wire import protocol
from duplex.wire.models import Hello, Resume

REQUEST_ID: Schema = {"type": "string", "minLength": 1, "maxLength": protocol.REQUEST_ID_MAX}
SEQ: Schema = {
    "type": "integer",
    "minimum": 1,
    "description": "The number of this message in the session, the same for everybody.",
}


_ADA = {"participant": "xK2mVq8Tq1yA", "name": "Ada"}
_CURSOR: Schema = {"type": "string", "description": "A place in the list of participants."}
_TOTAL: Schema = {"type": "integer", "minimum": 0}
_PARTICIPANTS: Schema = {"type": "array", "items": {"$ref": REFERENCE + "Participant"}}


@dataclass(frozen=True, slots=True)
class ReservedFrame:
    """One frame: `by` is its sender, `reply` the name of the frame that answers it."""

    name: str
    by: Literal["client", "server"]
    summary: str
    payload: Schema
    example: dict[str, Any] | None
    reply: str | None = None


def reserved_frames() -> list[ReservedFrame]:
    """All of them, in the order in which a session meets them."""
    return [
        ReservedFrame(
            "hello",
            "client",
            "The first frame: the client's identity and its session.",
            _hello(),
            {"session": "team-1", "name": "Ada"},
            reply="initialised",
        ),
        ReservedFrame(
            "ping",
            "client",
            "A sign of life that is answered.",
            frame("ping", optional={"id": REQUEST_ID}),
            {"state": "ping"},
            reply="pong",
        ),
        ReservedFrame(
            "authenticate",
            "client",
            "A new access token on the open socket, for the same user.",
            frame("authenticate", {"data": _fields(token="string")}, {"id": REQUEST_ID}),
            {"state": "authenticate", "data": {"token": "…"}},
            reply="authenticated",
        ),
        ReservedFrame(
            "cancel",
            "client",
            "Gives up a request or a stream.",
            frame("cancel", {"data": {**_fields(id="string"), "properties": {"id": REQUEST_ID}}}),
            {"state": "cancel", "data": {"id": "1"}},
        ),
        ReservedFrame(
            "participants",
            "client",
            "Asks for the participants page by page: first without `after`, then with the `next` of"
            " the last page.",
            frame(
                "participants", optional={"data": _optional_fields(after=_CURSOR), "id": REQUEST_ID}
            ),
            {"state": "participants", "data": {"after": "200"}, "id": "2"},
            reply="participantsPage",
        ),
        ReservedFrame(
            "leave",
            "client",
            "Leaves the session; the server closes the socket with 1000.",
            frame("leave"),
            {"state": "leave"},
        ),
        ReservedFrame(
            "initialised",
            "server",
            "The session is open: where the client is, and how to come back.",
            frame("initialised", {"data": reference("Initialised")}),
            None,
        ),
        ReservedFrame(
            "error",
            "server",
            "A request failed, or the connection is about to end.",
            {
                "type": "object",
                "properties": {
                    "state": {"const": "error"},
                    "error": {"type": "string", "description": "A sentence for people."},
                    "code": reference("ErrorCode"),
                    "id": {**REQUEST_ID, "description": "The request that failed."},
                    "details": {"description": "Details for programs, depending on the code."},
                    "seq": {**SEQ, "description": "Of an error that ends a stream or the session."},
                },
                "required": ["state", "error", "code"],
            },
            {"state": "error", "error": "The notes are locked.", "code": "refused", "id": "1"},
        ),
        _presence("joined", "A participant joined the session.", seq=3),
        _presence("left", "A participant left the session, or did not return in time.", seq=9),
        ReservedFrame(
            "presence",
            "server",
            "Several participants came or left. In a crowd `total` comes alone; `participants` is"
            " the whole list, when a crowd has dispersed.",
            frame(
                "presence",
                {
                    "data": {
                        **_optional_fields(
                            total=_TOTAL,
                            joined=_PARTICIPANTS,
                            left=_PARTICIPANTS,
                            participants=_PARTICIPANTS,
                        ),
                        "required": ["total"],
                    },
                    "seq": SEQ,
                },
            ),
            {
                "state": "presence",
                "data": {"joined": [_ADA], "left": [], "total": 17},
                "seq": 12,
            },
        ),
        ReservedFrame(
            "participantsPage",
            "server",
            "The answer to `participants`, in the order they came; without `next` it is the last"
            " page.",
            frame(
                "participants",
                {
                    "data": {
                        **_optional_fields(participants=_PARTICIPANTS, total=_TOTAL, next=_CURSOR),
                        "required": ["participants", "total"],
                    }
                },
                {"id": REQUEST_ID},
            ),
            {"state": "participants", "data": {"participants": [_ADA], "total": 1}, "id": "2"},
        ),
        _warning(
            "expiring",
            "The access token runs out in `within` seconds: send `authenticate`.",
            within=60.0,
        ),
        _warning(
            "draining",
            "The server closes the connection within so many seconds; then reconnect.",
            within=20.0,
        ),
        ReservedFrame(
            "skipped",
            "server",
            "Messages that need not be kept were left out for a slow reader, up to this `seq`.",
            frame("skipped", {"data": _fields(through="integer")}),
            {"state": "skipped", "data": {"through": 17}},
        ),
        ReservedFrame(
            "held",
            "server",
            "Fields of the document that a request holds from now on, or that are null again.",
            frame("held", {"data": {"type": "object", "minProperties": 1}, "seq": SEQ}),
            {"state": "held", "data": {"export": {"by": "Ada"}}, "seq": 18},
        ),
        ReservedFrame(
            "pong",
            "server",
            "The answer to `ping`.",
            frame("pong", optional={"id": REQUEST_ID, "data": {"type": "null"}}),
            {"state": "pong", "data": None},
        ),
        ReservedFrame(
            "authenticated",
            "server",
            "The new token is taken; `expires` is its end in seconds since 1970, if it has one.",
            frame(
                "authenticate",
                {"data": _optional_number("expires")},
                {"id": REQUEST_ID},
            ),
            {"state": "authenticate", "data": {"expires": 1767225600.0}},
        ),
    ]


def frame(
    state: str, required: dict[str, Schema] | None = None, optional: dict[str, Schema] | None = None
) -> Schema:
    """The schema of a frame with this `state`. More fields may be added, so none are forbidden."""
    required = required or {}
    return {
        "type": "object",
        "properties": {"state": {"const": state}, **required, **(optional or {})},
        "required": ["state", *required],
    }


def reference(name: str) -> Schema:
    """A type of the contract."""
    return {"$ref": REFERENCE + name}


def _presence(name: str, summary: str, *, seq: int) -> ReservedFrame:
    payload = frame(name, {"data": reference("Participant"), "seq": SEQ})
    return ReservedFrame(
        name, "server", summary, payload, {"state": name, "data": _ADA, "seq": seq}
    )


def _warning(name: str, summary: str, *, within: float) -> ReservedFrame:
    payload = frame(name, {"data": _fields(within="number")})
    return ReservedFrame(
        name, "server", summary, payload, {"state": name, "data": {"within": within}}
    )


def _hello() -> Schema:
    """Read off the model that checks it."""
    schema = plain(TypeAdapter(Hello).json_schema(), str)
    schema.pop("$defs")
    schema["properties"]["resume"]["anyOf"][0] = plain(TypeAdapter(Resume).json_schema(), str)
    return schema


def _fields(**types: str) -> Schema:
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in types.items()},
        "required": list(types),
    }


def _optional_fields(**schemas: Schema) -> Schema:
    return {"type": "object", "properties": schemas}


def _optional_number(name: str) -> Schema:
    either = {"anyOf": [{"type": "number"}, {"type": "null"}]}
    return {"type": "object", "properties": {name: either}, "required": [name]}

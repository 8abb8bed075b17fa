"""The session engine: one typed WebSocket session per page, shared by any number of participants.

A team rarely opens this folder; its own code is in `app/states`. The way of a request by file:

    endpoint.py     the one route: handshake, then receive, validate, act, respond
    greeting.py     the hello; joining.py makes a member of whoever may join
    controls.py     the reserved requests: ping, authenticate, cancel, leave
    protocol.py     the words of the wire: reserved names, close codes, error codes, frames
    dispatch.py     `@state`: a name, its handler, types and rules; `discover` finds them all
    member.py       a participant's requests, one after the other; streams beside them
    runner.py       one request: claimed, handled within its deadline, committed, answered
                    (deadlines.py: one timer for many)
    session.py      what a handler is given: `session.edit()`, `send`, `save`, `transaction` …
    entry.py        one numbered message of a room
    broker.py       what outlives a process: a room's order, log, document, presence, requests
      broker_memory.py   kept in this process, the default (with log.py, handled.py)
      broker_redis*.py   kept in Redis or Valkey, for several workers
    document.py     what the shared document must be able to do
    room.py         the members of a room in this process, and the fan-out to them
    connection.py   one socket: its bounded outbox, its deadlines, its phases
    outbox.py       what a reader that is behind need not get
    flusher.py      what waits in the outboxes is written once per loop tick
    transport.py    how frames are written: ASGI's `send`, or framed once for all readers
      uvicorn_protocol.py   the optional uvicorn protocol that offers the second way
    engine.py       all of it together: rooms, leaving, revoking, the sweep of deadlines
    draining.py     everybody is sent away in good order
    identity.py     who somebody is
    limits.py       rates and counts
    frame.py        one message, encoded once for many
    contract.py     states -> types for the page (with model_schemas.py, type_names.py)
    asyncapi*.py    states -> the AsyncAPI document (with samples.py, schema_words.py)
    server.py       what `python -m app` runs

Three decisions carry the rest:

* **The broker numbers.** Whatever a room says - replies, presence, the end - becomes a numbered
  entry of the broker first, and reaches everybody, its sender included, from there. So all see one
  order, and who comes back asks for what follows the last number it saw.
* **A commit is one step.** A request's messages, its change of the document and its recorded reply
  become true together or not at all. A request sent again with its id gets the recorded reply.
* **Nothing waits for a reader.** Sending appends to an outbox bounded in bytes, and a flush per
  loop tick writes it. A reader that is behind loses its connection (4508), never the others' time.

docs/protocol.md tells the same from the client's side.
"""

from app.session.broker import BrokerUnavailable
from app.session.dispatch import BadState, Registry, State, admins, discover, state
from app.session.endpoint import receive_request, send_response
from app.session.engine import Engine
from app.session.identity import (
    Authenticate,
    Identity,
    MayJoin,
    Participant,
    SavedRef,
    SavedStore,
)
from app.session.protocol import (
    Close,
    ErrorCode,
    Model,
    NotSignedIn,
    Refused,
    sanitize_data_request,
)
from app.session.session import Session

__all__ = [
    "Authenticate",
    "BadState",
    "BrokerUnavailable",
    "Close",
    "Engine",
    "ErrorCode",
    "Identity",
    "MayJoin",
    "Model",
    "NotSignedIn",
    "Participant",
    "Refused",
    "Registry",
    "SavedRef",
    "SavedStore",
    "Session",
    "State",
    "admins",
    "discover",
    "receive_request",
    "sanitize_data_request",
    "send_response",
    "state",
]

"""The engine of a Duplex application: one typed WebSocket session per page.

These names are all that an application needs; README.md explains how the engine works.
Projects with sign-in also use `duplex.accounts`, its methods and `duplex.mail`.
"""

from duplex.brokers.base import BrokerUnavailable
from duplex.identity import Authenticate, Identity, NotSignedIn, Participant
from duplex.options import Rate
from duplex.requests.documents import AlreadyHeld, Held, SavedRef
from duplex.requests.registry import Registry, discover
from duplex.requests.session import Session
from duplex.requests.states import BadState, Event, State, admins, event, state
from duplex.rooms.engine import Engine
from duplex.rooms.live import LiveSessions, SessionNotOpen
from duplex.server import main
from duplex.settings import Settings
from duplex.socket.handler import receive_request, send_response
from duplex.web.application import Application, Project, Sessions
from duplex.web.database import Base, Database, Moment, now
from duplex.web.deps import (
    DatabaseDep,
    EngineDep,
    IdentityDep,
    Limit,
    Line,
    LiveSessionsDep,
    Offset,
    get_settings,
    is_line,
)
from duplex.web.errors import ApiError, Problem, not_found
from duplex.web.migrate import run_migrations
from duplex.wire.messages import DocumentTooLarge, Refused
from duplex.wire.models import Model
from duplex.wire.protocol import Close, ErrorCode
from duplex.wire.requests import sanitize_data_request

__all__ = [
    "AlreadyHeld",
    "ApiError",
    "Application",
    "Authenticate",
    "BadState",
    "Base",
    "BrokerUnavailable",
    "Close",
    "Database",
    "DatabaseDep",
    "DocumentTooLarge",
    "Engine",
    "EngineDep",
    "ErrorCode",
    "Event",
    "Held",
    "Identity",
    "IdentityDep",
    "Limit",
    "Line",
    "LiveSessions",
    "LiveSessionsDep",
    "Model",
    "Moment",
    "NotSignedIn",
    "Offset",
    "Participant",
    "Problem",
    "Project",
    "Rate",
    "Refused",
    "Registry",
    "SavedRef",
    "Session",
    "SessionNotOpen",
    "Sessions",
    "Settings",
    "State",
    "admins",
    "discover",
    "event",
    "get_settings",
    "is_line",
    "main",
    "not_found",
    "now",
    "receive_request",
    "run_migrations",
    "sanitize_data_request",
    "send_response",
    "state",
]

"""Types for parameters of routes: text, parts of long lists, and the objects of the process."""

from typing import Annotated, Any, NotRequired, TypedDict
from unicodedata import category

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, StringConstraints

from duplex.identity import Identity, NotSignedIn
from duplex.rooms.engine import Engine
from duplex.rooms.live import LiveSessions
from duplex.settings import Settings
from duplex.web.database import Database
from duplex.web.errors import ApiError


def is_line(text: str) -> bool:
    """Whether the text has no control characters.

    PostgreSQL cannot store NUL in a text, and the others are invisible.
    """
    return all(category(character) != "Cc" for character in text)


def _check(text: str) -> str:
    if not is_line(text):
        raise ValueError("control characters cannot be used")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_check)
]
"""A line of text, stripped; its maximum length is declared where it is used."""


Limit = Annotated[int, Query(ge=1, le=200)]
"""The maximum number of results; 50 by default."""

Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]
"""How many to leave out at the start."""


class LifespanState(TypedDict):
    """The lifespan's state, which every request receives."""

    settings: Settings
    database: Database
    engine: Engine
    accounts: NotRequired[object]
    """The services of `duplex.accounts`, where people sign in."""


def get_settings(request: Request) -> Settings:
    """The process's settings. For routes an application declares them with its own class:
    `SettingsDep = Annotated[Settings, Depends(get_settings)]`.
    """
    settings: Settings = request.state.settings
    return settings


def get_database(request: Request) -> Database:
    """The process's database."""
    database: Database = request.state.database
    return database


def get_engine(request: Request) -> Engine:
    """The process's session engine."""
    engine: Engine = request.state.engine
    return engine


def get_live_sessions(request: Request) -> LiveSessions[Any]:
    """The sessions that are open now."""
    return get_engine(request).live


async def get_identity(request: Request) -> Identity:
    """The identity of the request; a 401 if sign-in is required and missing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        return await get_engine(request).authenticate(
            token.strip() if scheme.lower() == "bearer" else None
        )
    except NotSignedIn as error:
        raise ApiError(401, "not_signed_in", str(error), {"WWW-Authenticate": "Bearer"}) from None


DatabaseDep = Annotated[Database, Depends(get_database)]
EngineDep = Annotated[Engine, Depends(get_engine)]
IdentityDep = Annotated[Identity, Depends(get_identity)]
LiveSessionsDep = Annotated[LiveSessions[Any], Depends(get_live_sessions)]

"""Dependencies of routes: the objects that `create_app` created, with their types."""

from typing import Annotated, Any, NotRequired, TypedDict

from fastapi import Depends, Request

from duplex.identity import Identity, NotSignedIn
from duplex.rooms.engine import Engine
from duplex.rooms.live import LiveSessions
from duplex.settings.base import Settings
from duplex.web.database import Database
from duplex.web.errors import ApiError


class State(TypedDict):
    """The lifespan's state, which every request receives."""

    settings: Settings
    database: Database
    engine: Engine
    accounts: NotRequired[object]
    """The services of `duplex.accounts`, where people sign in."""


def get_settings(request: Request) -> Settings:
    """The process's settings."""
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


SettingsDep = Annotated[Settings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]
EngineDep = Annotated[Engine, Depends(get_engine)]
IdentityDep = Annotated[Identity, Depends(get_identity)]
LiveSessionsDep = Annotated[LiveSessions[Any], Depends(get_live_sessions)]

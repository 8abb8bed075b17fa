"""What routes ask for: the objects that `create_app` made, with their types."""

from typing import Annotated, TypedDict

from fastapi import Depends, Request

from app.database import Database
from app.session import Engine
from app.settings import Settings


class State(TypedDict):
    """What the lifespan hands to every request."""

    settings: Settings
    database: Database
    engine: Engine


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


SettingsDep = Annotated[Settings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]
EngineDep = Annotated[Engine, Depends(get_engine)]

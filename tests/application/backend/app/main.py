"""The application, as a team would write it."""

import duplex
from fastapi import FastAPI

from app import routes
from app.document import Notes
from app.sessions import Sessions
from app.settings import Settings

application = duplex.Application(document=Notes, sessions=Sessions(), routers=[routes.router])


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, ready to be served; without settings it loads them."""
    return application.create(settings or Settings.load())

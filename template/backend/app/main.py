"""The application: everything is made here, once, and handed on."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from app import asyncapi_page, docs, errors, features, health
from app.bodies import BodyLimit
from app.database import Database
from app.deps import State
from app.errors import Problem
from app.headers import SecurityHeaders
from app.migrate import require_current
from app.pages import Pages
from app.project import DESCRIPTION, NAME, VERSION
from app.saved import routes as saved
from app.saved.store import Store
from app.session import Engine, Registry, discover
from app.session.asyncapi import Document, build
from app.session.broker import BrokerUnavailable
from app.session.contract import describe
from app.settings import Settings, load
from app.snapshot import Snapshot
from app.starting import CannotStart, Starting

SOCKET = "/api/v1/socket"
"""The one address of every session."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Put the app together. Nothing is opened or started before the server starts it."""
    settings = settings or load()
    database = Database(settings.database_url)
    registry = discover()
    engine = Engine(
        settings=settings,
        registry=registry,
        snapshot=Snapshot,
        authenticate=features.authenticator(settings, database),
        store=Store(database),
        transaction=database.transaction,
        contract=describe(registry, Snapshot).fingerprint,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[State]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.dispose)
            await require_current(database)
            for prepare in features.AT_START:
                await prepare(settings, database)
            stack.push_async_callback(engine.stop)
            try:
                await engine.start()
            except BrokerUnavailable as error:
                raise CannotStart(
                    f"BROKER_URL: the sessions' store is out of reach: {error}"
                ) from None
            yield State(settings=settings, database=database, engine=engine)

    app = FastAPI(
        title=NAME,
        description=DESCRIPTION,
        version=VERSION,
        lifespan=lifespan,
        middleware=[engine.middleware(SOCKET), Middleware(Starting)],
        openapi_url=docs.OPENAPI,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        # Takes the place of FastAPI's own error bodies.
        responses={422: {"model": Problem}},
    )
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, production=settings.production)
    for router in (health.router, saved.router, *features.ROUTERS):
        app.include_router(router)
    if not settings.production:
        app.include_router(docs.router)
    app.include_router(asyncapi_page.router(lambda: describe_socket(registry)))
    app.mount("/", Pages())
    return app


def describe_socket(registry: Registry) -> Document:
    """The AsyncAPI document of this application's socket."""
    return build(
        registry,
        Snapshot,
        address=SOCKET,
        title=NAME,
        version=VERSION,
        description=DESCRIPTION,
    )


def _operation_id(route: APIRoute) -> str:
    """The function's name: types and clients are generated from it."""
    return route.name

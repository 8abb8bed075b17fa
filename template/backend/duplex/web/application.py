"""The application: everything is made here, once, and handed on."""

import importlib
import pkgutil
import tomllib
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.middleware import Middleware

from duplex.brokers import from_url
from duplex.brokers.base import Broker, BrokerUnavailable, Gathering, Retention
from duplex.contract.asyncapi import page as asyncapi_page
from duplex.contract.asyncapi.document import Document, build
from duplex.contract.describe import Contract, describe
from duplex.contract.model_schemas import check_document
from duplex.identity import Authenticate, Identity
from duplex.options import Options
from duplex.requests.documents import SavedRef
from duplex.requests.registry import Registry, discover
from duplex.rooms.engine import Engine
from duplex.rooms.live import LiveSessions, NoEvents
from duplex.settings import Settings
from duplex.web import errors, pages
from duplex.web.database import Database
from duplex.web.deps import LifespanState
from duplex.web.errors import CannotStart, Problem
from duplex.web.middleware import (
    HEADERS,
    BodyLimit,
    FiniteNumbers,
    KnownHosts,
    SecurityHeaders,
    Starting,
)
from duplex.web.migrate import require_current
from duplex.web.pages import Pages
from duplex.wire.messages import Refused

SOCKET = "/api/v1/socket"
"""The one address of every session."""


@dataclass(frozen=True, slots=True)
class Project:
    """The names of the project, from its pyproject.toml. `slug` is used for packages, cookies and
    keys; `name` is shown to users.
    """

    root: Path
    slug: str
    name: str
    description: str
    version: str

    @classmethod
    def read(cls, root: Path) -> Self:
        """The project whose pyproject.toml is in `root`. Raises OSError, KeyError."""
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
        data: dict[str, Any] = tomllib.loads(text)
        project = data["project"]
        return cls(
            root=root,
            slug=project["name"],
            name=data["tool"]["duplex"]["name"],
            description=project["description"],
            version=project["version"],
        )


class Sessions:
    """Subclass it in `app/sessions.py`. By default everybody who knows a session's id may join,
    and nothing is stored.
    """

    async def may_join(self, identity: Identity, session: str, db: Database) -> bool:
        """Whether this identity may be in the session of this id.

        The page shows its user the sentence of a `Refused` that is raised here.
        """
        return True

    async def load(self, session: str, db: Database) -> str | None:
        """The stored document (JSON) of a session; None if there is none."""
        return None

    async def save(
        self, session: str, title: str, identity: Identity, document: str, db: Database
    ) -> SavedRef:
        """Store a document (JSON) under its session's id. Raises `Refused`."""
        raise Refused("This application does not store sessions.")


class SignIn(Protocol):
    """How people sign in; see `duplex.accounts`."""

    def routers(self, settings: Settings) -> Sequence[APIRouter]:
        """The routes of signing in and of accounts."""
        ...

    def authenticator(self, settings: Settings, database: Database) -> Authenticate:
        """The function that finds the identity of a token."""
        ...

    def running(
        self, settings: Settings, database: Database, engine: Engine, project: Project
    ) -> AbstractAsyncContextManager[object]:
        """Start the services of sign-in; they are stopped at the end of the block."""
        ...


@dataclass(frozen=True, slots=True)
class Application:
    """The parts of a team's application: its document and sessions, states, tables and routes.

    `states` and `models` are packages: every module in them is imported, so that its states and
    tables are known. `middleware` wraps the REST routes and the page, but not the socket; the first
    one is outermost. Without `accounts` everybody may open a session without
    signing in.
    """

    document: type[BaseModel]
    sessions: Sessions
    states: str = "app.states"
    models: str = "app.models"
    routers: Sequence[APIRouter] = ()
    middleware: Sequence[Middleware] = ()
    accounts: SignIn | None = None

    def registry(self) -> Registry:
        """The states of the application. Raises `BadState`."""
        return discover(self.states)

    def import_models(self) -> None:
        """Import every module of `models`: its tables are then part of `duplex.Base.metadata`."""
        package = importlib.import_module(self.models)
        for module in pkgutil.walk_packages(package.__path__, f"{self.models}."):
            importlib.import_module(module.name)

    def contract(self, *, detailed: bool = False) -> Contract:
        """The contract between page and server. `detailed`: with defaults and examples."""
        return describe(self.registry(), self.document, detailed=detailed)

    def asyncapi(self, project: Project) -> Document:
        """The AsyncAPI document of the socket."""
        return build(
            self.registry(),
            self.document,
            address=SOCKET,
            title=project.name,
            version=project.version,
            description=project.description,
        )

    @asynccontextmanager
    async def live_sessions(self, settings: Settings) -> AsyncGenerator[LiveSessions[Any]]:
        """The open sessions for a script or another process that serves nothing. It needs a
        `BROKER_URL` that several processes share. Raises `BrokerUnavailable`.
        """
        if settings.broker_url == "memory://":
            raise ValueError("BROKER_URL=memory:// keeps the sessions inside the server's process")
        broker = self._broker(settings)
        await broker.start(NoEvents())
        try:
            limit = settings.session_max_document
            yield LiveSessions(broker, self.registry(), self.document, limit)
        finally:
            await broker.stop()

    def create(self, settings: Settings) -> FastAPI:
        """Put the application together. Nothing is opened or started before the server starts it.

        Raises `BadState` for a state or a document that cannot work.
        """
        project = Project.read(settings.root)
        database = Database.of(settings)
        self.import_models()
        check_document(self.document)
        engine = Engine(
            options=settings.options(),
            broker=self._broker(settings),
            registry=self.registry(),
            document=self.document,
            authenticate=self._authenticator(settings, database),
            store=_StoredSessions(self.sessions, database),
            transaction=database.transaction,
            contract=self.contract().fingerprint,
            settings=settings,
        )

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncGenerator[LifespanState]:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(database.dispose)
                await require_current(database, settings.root)
                stack.push_async_callback(engine.stop)
                try:
                    await engine.start()
                except BrokerUnavailable as error:
                    raise CannotStart(
                        f"BROKER_URL: the broker cannot be reached: {error}"
                    ) from None
                state = LifespanState(settings=settings, database=database, engine=engine)
                if self.accounts is not None:
                    running = self.accounts.running(settings, database, engine, project)
                    state["accounts"] = await stack.enter_async_context(running)
                yield state

        app = FastAPI(
            title=project.name,
            description=project.description,
            version=project.version,
            lifespan=lifespan,
            middleware=[engine.middleware(SOCKET), Middleware(Starting), *self.middleware],
            openapi_url=pages.OPENAPI,
            docs_url=None,
            redoc_url=None,
            generate_unique_id_function=_operation_id,
            # Takes the place of FastAPI's own error bodies.
            responses={422: {"model": Problem}},
        )
        errors.install(app, {**HEADERS, "Cache-Control": "no-store"})
        app.add_middleware(FiniteNumbers)
        app.add_middleware(BodyLimit)
        app.add_middleware(KnownHosts, settings=settings)
        app.add_middleware(
            SecurityHeaders,
            production=settings.production,
            hsts_include_subdomains=settings.hsts_include_subdomains,
        )
        app.include_router(pages.health_router(project.version))
        for router in (*self.routers, *(self.accounts.routers(settings) if self.accounts else ())):
            app.include_router(router)
        if not settings.production:
            app.include_router(pages.docs_router(project.name))
        app.include_router(asyncapi_page.router(lambda: self.asyncapi(project)))
        app.mount("/", Pages(settings.root / "frontend" / "dist"))
        return app

    def _broker(self, settings: Settings) -> Broker:
        return from_url(
            settings.broker_url,
            retention_of(settings.options()),
            prefix=f"duplex:{Project.read(settings.root).slug}",
            gathering=Gathering(page=settings.session_presence_page),
        )

    def _authenticator(self, settings: Settings, database: Database) -> Authenticate:
        if self.accounts is None:
            return _let_everybody_in
        return self.accounts.authenticator(settings, database)


def retention_of(options: Options) -> Retention:
    """How much of a room is kept."""
    return Retention(
        options.replay_count,
        options.replay_bytes,
        options.replay_seconds,
        options.grace,
        detection=2 * options.heartbeat,
    )


class _StoredSessions:
    """A team's `Sessions` with the database that it works on (a `SessionStore`)."""

    def __init__(self, sessions: Sessions, db: Database) -> None:
        self._sessions = sessions
        self._db = db

    async def may_join(self, identity: Identity, session: str) -> bool:
        """See `Sessions`."""
        return await self._sessions.may_join(identity, session, self._db)

    async def load(self, session: str) -> str | None:
        """See `Sessions`."""
        return await self._sessions.load(session, self._db)

    async def save(self, session: str, title: str, identity: Identity, document: str) -> SavedRef:
        """See `Sessions`."""
        return await self._sessions.save(session, title, identity, document, self._db)


async def _let_everybody_in(token: str | None) -> Identity:
    return Identity()


def _operation_id(route: APIRoute) -> str:
    """The function's name: types and clients are generated from it."""
    return route.name

"""The engine's own routes: health, the built page, and in development the pages of the REST API."""

import logging
from pathlib import Path, PurePosixPath
from typing import Literal

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from duplex.web.database import Database
from duplex.web.deps import DatabaseDep, EngineDep

logger = logging.getLogger(__name__)


class Health(BaseModel):
    """`ok` when everything below is."""

    status: Literal["ok", "failing"]
    version: str
    database: bool
    broker: bool


def health_router(version: str) -> APIRouter:
    """`GET /api/v1/health`."""
    made = APIRouter(prefix="/api/v1", tags=["health"])

    @made.get("/health", responses={503: {"model": Health}})
    async def get_health(response: Response, database: DatabaseDep, engine: EngineDep) -> Health:
        """Check the database and the broker; 503 when one of them does not answer."""
        found = Health(
            status="ok",
            version=version,
            database=await _database_answers(database),
            broker=bool((await engine.check()).get("broker")),
        )
        if not (found.database and found.broker):
            found.status = "failing"
            response.status_code = 503
        return found

    return made


async def _database_answers(database: Database) -> bool:
    try:
        await database.check()
    except (SQLAlchemyError, OSError) as error:
        logger.warning("the database does not answer: %s", error)
        return False
    return True


_NOT_BUILT = """<!doctype html>
<html lang="en">
  <title>Not built yet</title>
  <h1>The page is not built yet</h1>
  <p>The server runs, but <code>frontend/dist</code> has no <code>index.html</code>.</p>
  <p>Stop it and run <code>uv run poe serve</code>, which builds the page first, or
  <code>uv run poe dev</code>, which builds it as you write.</p>
</html>
"""


class Pages(StaticFiles):
    """Serves a folder; hashed assets are cached permanently, other files are revalidated."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._folder = folder

    async def check_config(self) -> None:
        """Let the folder be missing: in development it is, and the page may be built later."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or the page, or 404 for the address of a missing file."""
        first = PurePosixPath(path).parts[:1]
        if first in {("api",), ("dev",)}:
            raise HTTPException(404)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            # `/assets/gone.js` or `/robots.txt` is a file that is missing, not a page.
            if error.status_code != 404 or first == ("assets",) or PurePosixPath(path).suffix:
                raise
            response = await self._index(scope)
        if first == ("assets",) and response.status_code in {200, 304}:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response

    async def _index(self, scope: Scope) -> Response:
        if not (self._folder / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, 503)
        return await super().get_response("index.html", scope)


OPENAPI = "/api/v1/openapi.json"

_DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net;"
    " style-src 'self' https://cdn.jsdelivr.net; frame-ancestors 'none';"
    " img-src 'self' data: https://fastapi.tiangolo.com"
)


def docs_router(title: str) -> APIRouter:
    """`GET /api/v1/docs`."""
    made = APIRouter(prefix="/api/v1", include_in_schema=False)

    @made.get("/docs")
    async def get_docs() -> HTMLResponse:
        """Swagger UI, with a less strict content security policy for this page only."""
        page = get_swagger_ui_html(openapi_url=OPENAPI, title=f"{title}: REST API")
        page.headers["Content-Security-Policy"] = _DOCS_POLICY
        return page

    return made

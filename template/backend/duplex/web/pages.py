"""The built page: its files, and `index.html` for every address that the page itself routes."""

from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

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

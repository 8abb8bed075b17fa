"""Starts rendered projects and calls their ways in: a program of test_sign_in_methods.py.

Each line of its input names the folder of a project, the URL of a new database, and the bodies of
requests by their paths below /api/v1/auth. It prints the project's paths, the schema of the
database and the status of each request; null if the project does not start.

Each project runs in a fork of this process, which has imported the packages, and has compiled the
modules that several projects have alike.
"""

import asyncio
import importlib
import json
import os
import sys
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

PACKAGES = (
    "aiosqlite",
    "alembic",
    "argon2",
    "fastapi",
    "httpx",
    "jwt",
    "pydantic_settings",
    "pyotp",
    "pytest",
    "redis.asyncio",
    "segno",
    "sqlalchemy.ext.asyncio",
    "uvicorn",
    "webauthn",
    "zxcvbn",
)
"""Packages that projects import: slow to import, and the same for all projects."""

_compiled: dict[bytes, CodeType] = {}
_loader: Any = SourceFileLoader
_compile_anew = _loader.source_to_code


def _compile_once(loader: SourceFileLoader, data: bytes, path: str, **more: Any) -> CodeType:
    return _compiled.get(bytes(data)) or _compile_anew(loader, data, path, **more)


def compile_all(backend: Path) -> None:
    """Compile the modules of a project that none before it had."""
    for file in backend.glob("[ad]*/**/*.py"):
        data = file.read_bytes()
        if data not in _compiled:
            _compiled[data] = compile(data, str(file), "exec")


async def call(url: str, bodies: dict[str, Any]) -> dict[str, Any]:
    """Start the project in this folder, and call its ways in."""
    from app.main import application
    from app.settings import Settings
    from duplex import Database
    from duplex.web.migrate import migrate
    from duplex_dev.testing import new_client
    from sqlalchemy import text

    settings = Settings.given(database_url=url, session_drain=0, allowed_origins="http://test")
    database = Database(url)
    await migrate(database, settings.root)
    async with database.reading() as db:
        rows = await db.scalars(text("select sql from sqlite_master order by name"))
        schema = rows.all()
    await database.dispose()
    app = application.create(settings)
    statuses: dict[str, int] = {}
    async with app.router.lifespan_context(app) as state:
        app.state.lifespan = state
        async with new_client(app) as client:
            for path, body in bodies.items():
                statuses[path] = (await client.post(f"/api/v1/auth/{path}", json=body)).status_code
    return {"paths": sorted(app.openapi()["paths"]), "schema": schema, "statuses": statuses}


def call_in_fork(root: Path, url: str, bodies: dict[str, Any]) -> None:
    """Print what `call` returns; null if it fails."""
    if os.fork() == 0:
        os.chdir(root)
        sys.path.insert(0, str(root / "backend"))
        try:
            print(json.dumps(asyncio.run(call(url, bodies))), flush=True)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.wait()[1] != 0:
        print("null", flush=True)


if __name__ == "__main__":
    for package in PACKAGES:
        importlib.import_module(package)
    _loader.source_to_code = _compile_once
    for folder, url, bodies in map(json.loads, sys.stdin):
        compile_all(Path(folder) / "backend")
        call_in_fork(Path(folder), url, bodies)

"""Temporary servers of this application, with a database and settings of their own, no `.env`.

They are forked from a process that has imported the engine, so each takes a part of a second only.
"""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from duplex_dev.console import TaskError
from duplex_dev.machine import processes
from duplex_dev.machine.network import free_port, wait_for
from duplex_dev.machine.warm import WarmPython, run_module
from duplex_dev.project import ROOT, settings_type

HEALTH = "/api/v1/health"

START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0
"""Seconds."""

LOG_SHOWN = 4000
"""The last characters of the server's log that an error shows."""


class Server:
    """A server with its own port, database and settings, which may be stopped and started again.

    `module`: the module to run instead of the application's `app`. `python` starts the processes.
    """

    def __init__(
        self,
        folder: Path,
        overrides: Mapping[str, str],
        module: str = "app",
        python: WarmPython | None = None,
    ) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.log = folder / "server.log"
        self._settings = own_settings(folder, self._port) | dict(overrides)
        self._module = module
        self._python = python or WarmPython()
        self._process: BaseProcess | None = None

    @property
    def process(self) -> BaseProcess:
        """The process that was started last."""
        assert self._process is not None, "the server was not started"
        return self._process

    @property
    def pid(self) -> int:
        """The number of that process."""
        assert self.process.pid is not None
        return self.process.pid

    def migrate(self) -> None:
        """Make its database, or bring it up to date. Raises TaskError, with its log, on failure."""
        process = self._fork(_migrate)
        process.join()
        if process.exitcode != 0:
            raise TaskError(f"The database could not be migrated:\n{self.log_end()}")

    def start(self) -> None:
        """Start it; returns when it answers. Raises TaskError, with its log, when it does not."""
        process = self._process = self._fork(_serve, self._module)
        if not wait_for(self._port, HEALTH, process.is_alive, START_TIMEOUT):
            raise TaskError(f"The server did not start:\n{self.log_end()}")

    def stop(self) -> None:
        """End it with SIGTERM and wait for its end."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.join(STOP_TIMEOUT)
        if self._process.is_alive():
            self.kill()

    def kill(self) -> None:
        """Kill it with SIGKILL, as in a crash."""
        self.process.kill()
        self.process.join()

    def _fork(self, function: Callable[..., None], *arguments: str) -> BaseProcess:
        """A process that calls the function with this server's log and settings."""
        everything = (str(self.log), self._settings, *arguments)
        environment = processes.python_environment()
        process = self._python.fork(function.__name__, function, everything, environment)
        process.start()
        return process

    def log_end(self) -> str:
        """The end of its log, where a failure's reason is."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-LOG_SHOWN:]


@contextmanager
def running(
    overrides: Mapping[str, str], module: str = "app", python: WarmPython | None = None
) -> Generator[Server]:
    """Migrate a new database, start the server on a free port, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="app-") as name:
        server = Server(Path(name), overrides, module, python)
        server.migrate()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def own_settings(folder: Path, port: int) -> dict[str, str]:
    """The settings of a server whose files are in this folder."""
    return {
        "ENV_FILE": str(folder / "none.env"),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'app.db'}",
        "SECRET_KEY": secrets.token_hex(32),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SESSION_DRAIN": "0",
        # All clients of a temporary server come from one address.
        "SESSION_JOIN_RATE": "100000/s",
        "SESSION_ROOM_RATE": "100000/s",
    }


# --- in the forked processes


def _serve(log: str, settings: Mapping[str, str], module: str) -> None:
    _enter(log, settings)
    run_module(module, ())


def _migrate(log: str, settings: Mapping[str, str]) -> None:
    _enter(log, settings)
    asyncio.run(_migrate_database(settings["DATABASE_URL"]))


async def _migrate_database(url: str) -> None:
    # The process that forks does without the engine, whose import takes a second.
    from duplex import Database
    from duplex.web.migrate import migrate

    database = Database(url)
    try:
        await migrate(database, settings_type().root)
    finally:
        await database.dispose()


def _enter(log: str, settings: Mapping[str, str]) -> None:
    """Write to the log, and use these settings and none of the environment's."""
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    os.chdir(ROOT)
    use_settings(settings)


def use_settings(settings: Mapping[str, str]) -> None:
    """Let the environment have these settings of the application, and no others."""
    names = {name.upper() for name in settings_type().model_fields}
    for name in [name for name in os.environ if name.upper() in names]:
        del os.environ[name]
    os.environ.update(settings)

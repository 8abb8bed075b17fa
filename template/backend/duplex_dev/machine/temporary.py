"""Temporary servers of this application, with a database and settings of their own, no `.env`."""

import asyncio
import os
import secrets
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from duplex import Database
from duplex.web.migrate import migrate
from duplex_dev.console import TaskError
from duplex_dev.machine import processes
from duplex_dev.machine.network import free_port, wait_for
from duplex_dev.project import ROOT, settings_type

HEALTH = "/api/v1/health"

START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0
"""Seconds."""

LOG_SHOWN = 4000
"""The last characters of the server's log that an error shows."""


class Server:
    """A server with its own port, database and settings, which may be stopped and started again.

    `module`: the module to run instead of the application's `app`.
    """

    def __init__(self, folder: Path, overrides: Mapping[str, str], module: str = "app") -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.log = folder / "server.log"
        self._environment = environment_of(folder, self._port, overrides)
        self._command = processes.python_command(module)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process that was started last."""
        assert self._process is not None, "the server was not started"
        return self._process

    def migrate(self) -> None:
        """Make its database, or bring it up to date."""
        asyncio.run(_migrate(self._environment["DATABASE_URL"]))

    def start(self) -> None:
        """Start it; returns when it answers. Raises TaskError, with its log, when it does not."""
        with self.log.open("ab") as output:
            process = self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if not wait_for(self._port, HEALTH, lambda: process.poll() is None, START_TIMEOUT):
            raise TaskError(f"The server did not start:\n{self.log_end()}")

    def stop(self) -> None:
        """End it with SIGTERM and wait for its end."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill it with SIGKILL, as in a crash."""
        self.process.kill()
        self.process.wait()

    def log_end(self) -> str:
        """The end of its log, where a failure's reason is."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-LOG_SHOWN:]


async def _migrate(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database, settings_type().root)
    finally:
        await database.dispose()


@contextmanager
def running(overrides: Mapping[str, str], module: str = "app") -> Generator[Server]:
    """Migrate a new database, start the server on a free port, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="app-") as name:
        server = Server(Path(name), overrides, module)
        server.migrate()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def environment_of(folder: Path, port: int, overrides: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without any of the app's settings, and the server's own."""
    settings = {name.upper() for name in settings_type().model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in settings}
    own = {
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
    return processes.python_environment(kept | own | dict(overrides))

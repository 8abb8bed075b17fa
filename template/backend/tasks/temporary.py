"""A real server of this app for a short time: a database and settings of its own, no `.env`."""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.settings import Settings
from tasks import python, setup
from tasks.console import TaskError
from tasks.paths import ROOT
from tasks.ports import free_port, wait_for

HEALTH = "/api/v1/health"

START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0
"""Seconds."""

LOG_SHOWN = 4000
"""The last characters of the server's log that an error shows."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers: where, as which process, and what it has said."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def log_end(self) -> str:
        """The end of its log, where a failure's reason is."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-LOG_SHOWN:]


@contextmanager
def running(overrides: Mapping[str, str]) -> Generator[Server]:
    """Migrate a new database, start the server on a free port, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="app-") as name:
        folder = Path(name)
        port = free_port()
        environment = environment_of(folder, port, overrides)
        setup.migrate(environment)
        log = folder / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                python.command("app"),
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(f"http://127.0.0.1:{port}", process, log)
        try:
            if not wait_for(port, HEALTH, lambda: process.poll() is None, START_TIMEOUT):
                raise TaskError(f"The server did not start:\n{server.log_end()}")
            yield server
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment_of(folder: Path, port: int, overrides: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without any of the app's settings, and the server's own."""
    settings = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in settings}
    own = {
        "ENV_FILE": str(folder / "none.env"),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'app.db'}",
        "SECRET_KEY": secrets.token_hex(32),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SESSION_DRAIN": "0",
    }
    return python.environment(kept | own | dict(overrides))

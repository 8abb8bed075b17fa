"""Runs the application under uvicorn, from settings: one process, or WORKERS of them.

`main` is what `python -m app` does: serve, migrate the database, or create an admin.
"""

import asyncio
import copy
import gc
import importlib
import logging
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from socket import socket
from typing import Any, Final

import uvicorn
from uvicorn.config import LOGGING_CONFIG, STARTUP_FAILURE, Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from duplex.options import YOUNG_OBJECTS
from duplex.settings import Settings
from duplex.socket.rates import Bucket
from duplex.socket.uvicorn_protocol import PreparedProtocol
from duplex.web.database import Database
from duplex.web.http_protocol import INCOMPLETE, PARTS_RATE, Incomplete, PromptRequests
from duplex.web.migrate import migrate_alone

logger = logging.getLogger("uvicorn.error")

HEALTH_PATIENCE = 30
"""Seconds after which a worker that gives no sign of life is replaced. One that is busy starting is
not dead.
"""

_OTHER_FILES: Final = 500
"""Files that a process opens besides its clients' connections, if it may open many."""


class ServerConfig(Config):
    """uvicorn's configuration of one process, which also prepares its garbage collector.

    `incomplete`: the HTTP connections that wait for their client. `most_files`: how many files
    connections may take, one each, and one more for each of those, which may read from a file; the
    application needs some too. `parts`: how many parts of bodies may be parsed.
    """

    def load(self) -> None:
        """Import the application. What exists then lives as long as the process: passes of the
        garbage collector, during which no client is served, leave it out.
        """
        super().load()
        self.incomplete = Incomplete()
        self.parts = Bucket(PARTS_RATE, time.monotonic())
        files = open_files()
        self.most_files = files - min(_OTHER_FILES, files // 4)
        bases = (PromptRequests, self.http_protocol_class)
        self.http_protocol_class = type("HttpProtocol", bases, {})
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


class Worker(Process):
    """A process that is asked for signs of life without waiting for them."""

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self.ready = False
        self._asked: float | None = None

    def hangs(self, patience: float) -> bool:
        """Whether the process has given no sign of life for so many seconds."""
        now = time.monotonic()
        try:
            if self._asked is None:
                self.parent_conn.send(b"ping")
                self._asked = now
            if self.parent_conn.poll():
                self.ready = bool(self.parent_conn.recv()) or self.ready
                self._asked = None
        except (OSError, EOFError):
            return not self.process.is_alive()
        return self._asked is not None and now - self._asked > patience


class Workers(Multiprocess):
    """Restarts workers that die, but not when they cannot start: then all end, `failed` is set."""

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self.failed = False
        self._served = False

    def init_processes(self) -> None:
        """Start the workers."""
        for place in range(self.processes_num):
            self._start(place)

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died or hang."""
        for place, worker in enumerate(self.processes):
            if not isinstance(worker, Worker) or self.should_exit.is_set():
                continue
            alive = worker.process.is_alive()
            if alive and not worker.hangs(self.config.timeout_worker_healthcheck):
                self._served = self._served or worker.ready
                continue
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE or not self._served:
                logger.error("A worker could not start, so the server ends.")
                self.failed = True
                self.should_exit.set()
                return
            logger.info("Worker [%s] died and is replaced.", worker.pid)
            self._start(place)

    def terminate_all(self) -> None:
        """Ask the workers to end; after a failed start, kill them."""
        if not self.failed:
            super().terminate_all()
            return
        for worker in self.processes:
            if worker.process.is_alive():
                worker.kill()

    def _start(self, place: int) -> None:
        worker = Worker(self.config, self.sockets)
        worker.start()
        self.processes[place : place + 1] = [worker]


class Quiet(logging.Filter):
    """Removes the opening and closing of sockets from the log, and shows each of the server's
    warnings about clients at most once a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = str(record.msg)
        if '"WebSocket %s"' in text or text in ("connection open", "connection closed"):
            return False
        if record.name != "uvicorn.error" or record.levelno != logging.WARNING:
            return True
        if record.created - self._shown.get(text, 0.0) < 1.0:
            return False
        # Not the formatted text: there are only a few.
        self._shown[text] = record.created
        return True


def open_files() -> int:
    """The limit of open files of this process."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def allow_open_files(wanted: int) -> None:
    """Raise this process's limit of open files, as far as the system permits. Each connection is
    one, and many systems begin with 1,024.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        logger.warning("The system allows %d open files; %d would be needed.", allowed, wanted)


def run(application: str, settings: Settings) -> None:
    """Serve `application` (`module:factory`) until SIGTERM or Ctrl+C. Exits with 3 when the start
    has failed.

    Participants are then sent away over SESSION_DRAIN (a second Ctrl+C does not wait for them).

    Client addresses and https are taken from the headers of the proxies in FORWARDED_ALLOW_IPS.
    """
    config = ServerConfig(
        application,
        factory=True,
        host=settings.host,
        port=settings.port,
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        workers=settings.workers,
        ws=PreparedProtocol,
        # The engine's own limit answers with a clear error first; this one bounds memory.
        ws_max_size=2 * settings.session_max_frame,
        # For sockets that are not the engine's; it watches its own.
        ws_ping_interval=settings.session_heartbeat,
        ws_ping_timeout=settings.session_heartbeat,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=logging_config(),
        server_header=False,
        timeout_graceful_shutdown=int(settings.session_drain) + 15,
        timeout_worker_healthcheck=HEALTH_PATIENCE,
    )
    allow_open_files(settings.session_max_connections + 2 * INCOMPLETE + _OTHER_FILES)
    if settings.workers > 1:
        workers = Workers(config, [config.bind_socket()])
        workers.run()
        started = not workers.failed
    else:
        config.load_app()
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):
            server.run()
        started = server.started
    if not started:
        raise SystemExit(STARTUP_FAILURE)


def logging_config() -> dict[str, Any]:
    """uvicorn's logging and the application's own, without a line per socket."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["filters"] = {"quiet": {"()": "duplex.server.Quiet"}}
    config["handlers"]["default"]["filters"] = ["quiet"]
    for name in ("app", "duplex"):
        config["loggers"][name] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config


def main(application: str, settings: Settings) -> None:
    """Serve `application` (`module:factory`), or run the command in the arguments: `migrate`, and
    with sign-in `create-admin` and `adopt`, which need the module's `application`.
    """
    match sys.argv[1:]:
        case []:
            run(application, settings)
        case ["migrate"]:
            asyncio.run(migrate_alone(Database.of(settings), settings.root))
        case ["create-admin" | "adopt" as name, *arguments] if find_spec("duplex.accounts"):
            # A project without sign-in does not have these modules.
            commands = importlib.import_module("duplex.accounts.commands")
            module = importlib.import_module(application.partition(":")[0])
            commands.run(name, arguments, lambda: (module.application, settings))
        case other:
            raise SystemExit(f"unknown arguments: {' '.join(other)}; see app/__main__.py")

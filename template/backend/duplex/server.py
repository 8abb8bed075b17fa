"""Runs the application under uvicorn, from settings: one process, or WORKERS of them."""

import copy
import logging
from contextlib import suppress
from typing import Any, Protocol

import uvicorn
from uvicorn.config import LOGGING_CONFIG, STARTUP_FAILURE

from duplex.socket.uvicorn_protocol import PreparedProtocol
from duplex.workers import Workers


class Settings(Protocol):
    """The settings that the server needs; see `duplex.Settings`."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def workers(self) -> int: ...
    @property
    def session_max_frame(self) -> int: ...
    @property
    def session_heartbeat(self) -> float: ...
    @property
    def session_drain(self) -> float: ...


class Quiet(logging.Filter):
    """Removes the opening and closing of sockets from the log, and shows the server's warnings
    about clients at most once a second.
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
        self._shown = {text: record.created}
        return True


def run(application: str, settings: Settings) -> None:
    """Serve `application` (`module:factory`) until SIGTERM or Ctrl+C. Exits with 3 when the start
    has failed.

    Participants are then sent away over SESSION_DRAIN (a second Ctrl+C does not wait for them).

    Behind a proxy set FORWARDED_ALLOW_IPS (uvicorn's) to the proxy's address: client addresses and
    https are then taken from its headers.
    """
    config = uvicorn.Config(
        application,
        factory=True,
        host=settings.host,
        port=settings.port,
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
        # A worker that answers no health check is replaced; one that is busy starting is not dead.
        timeout_worker_healthcheck=30,
    )
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

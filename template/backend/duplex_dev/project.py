"""The project's own application and settings, imported by name when a command needs them.

No module of the commands imports `app`, and this one does not import the engine either: that takes
two seconds, which `poe dev` spends in another process.
"""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from duplex import Application, Settings

APPLICATION = "app.main:application"
SETTINGS = "app.settings:Settings"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings that say where the server listens, and under which names."""

    host: str
    port: int
    allowed_hosts: tuple[str, ...]


def application() -> "Application":
    """The application of `app/main.py`. Raises whatever importing it raises."""
    return cast("Application", _imported(APPLICATION))


def settings_type() -> "type[Settings]":
    """The team's settings class of `app/settings.py`."""
    return cast("type[Settings]", _imported(SETTINGS))


def load_settings() -> "Settings":
    """The settings of this machine; a bad value ends the process with a line for each."""
    return settings_type().load()


def server_settings() -> ServerSettings:
    """The part of the settings that a process without the application needs."""
    settings = load_settings()
    return ServerSettings(settings.host, settings.port, settings.allowed_hosts)


def _imported(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)

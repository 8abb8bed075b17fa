"""The project that the commands work on: the places of its files, its application and its settings.

No module of the commands imports `app`; the functions here import it by name. The engine is not
imported at the top either: that takes two seconds, which `poe dev` spends in another process.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from duplex import Application, Settings

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"
FRONTEND = ROOT / "frontend"
NODE_MODULES = FRONTEND / "node_modules"
DIST = FRONTEND / "dist"

ENGINE = ("backend/duplex", "backend/duplex_dev", "frontend/src/duplex")
"""The folders that a release of Duplex replaces; teams do not edit them."""

FINGERPRINTS = NODE_MODULES / ".fingerprints"
"""Fingerprints of the last installation, compilation and build; deleted with the packages."""

STATES = BACKEND / "app" / "states"
CONTRACT_TS = FRONTEND / "src" / "api" / "generated" / "contract.ts"
REST_TS = FRONTEND / "src" / "api" / "generated" / "rest.ts"
ASYNCAPI_JSON = ROOT / "docs" / "asyncapi.json"
GENERATED = (CONTRACT_TS, REST_TS, ASYNCAPI_JSON)
"""The files that `poe contract` writes."""


def shown(path: Path) -> str:
    """The path relative to the project's root, for messages."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


APPLICATION = "app.main:application"
SETTINGS = "app.settings:Settings"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings for the server's address and host names."""

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

"""The project's own application and settings, found by the names in its pyproject.toml.

They are imported when a command needs them: the commands import nothing of the team's by name.
"""

import importlib
from typing import cast

from duplex import Application, Settings

APPLICATION = "app.main:application"
SETTINGS = "app.settings:Settings"


def application() -> Application:
    """The application of `app/main.py`. Raises whatever importing it raises."""
    return cast("Application", _found(APPLICATION))


def settings_type() -> type[Settings]:
    """The team's settings class, which `app/settings.py` declares."""
    return cast("type[Settings]", _found(SETTINGS))


def load_settings() -> Settings:
    """The settings of this machine; a bad value ends the process with a line for each."""
    return settings_type().load()


def _found(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)

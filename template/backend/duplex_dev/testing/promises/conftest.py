"""Loads the fixtures of the team's tests, above all its `sign_in` and `admit`."""

import importlib.util
from types import ModuleType

import pytest

from duplex_dev.project import BACKEND

CONFTEST = BACKEND / "tests" / "conftest.py"

# Loaded first, so that the team's fixtures take the place of these.
pytest_plugins = ["duplex_dev.testing.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Load them as a plugin: by its place, the file is a conftest.py of other tests."""
    config.pluginmanager.register(_team_fixtures(), "team_fixtures")


def _team_fixtures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("team_fixtures", CONFTEST)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""Tests of an application: fixtures, clients and servers.

`pytest_plugins = ["duplex_dev.testing.fixtures"]` in a conftest.py loads the fixtures; the names
here are for tests and fixtures of a team.
"""

from duplex_dev.client import Client
from duplex_dev.testing.application import PATIENCE, Admit, Join, Person, SignIn, new_client, serve
from duplex_dev.testing.databases import on_every_database

__all__ = [
    "PATIENCE",
    "Admit",
    "Client",
    "Join",
    "Person",
    "SignIn",
    "new_client",
    "on_every_database",
    "serve",
]

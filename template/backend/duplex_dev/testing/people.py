"""Who takes part in a test: how somebody signs in, and how they are let into a session."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from duplex import Identity
from duplex_dev.client import Client

PATIENCE = 30.0
"""Seconds after which a frame that did not come is a failure; never waited when all is well."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a test: the token that the hello carries, and the identity behind it."""

    token: str | None = None
    identity: Identity = field(default_factory=Identity)


SignIn = Callable[[str], Awaitable[Person]]
"""`await sign_in("ada")`: a person of this name; the same name is the same person."""

Admit = Callable[[str, Person], Awaitable[None]]
"""`await admit(session, person)`: make what `may_join` looks for."""

Join = Callable[..., AbstractAsyncContextManager[Client]]
"""See the fixture `join`."""

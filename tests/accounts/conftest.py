"""People who sign in, on a database of their own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import time
from types import ModuleType
from typing import cast

import httpx
import pytest
from app.main import application as anonymous
from duplex import Application, Database
from duplex.accounts import attempts, challenges
from duplex.accounts.methods.base import Method
from duplex.accounts.methods.password import Password
from duplex.accounts.sign_in import current, granting, refresh_tokens
from duplex.web.database import now
from duplex_dev.testing import new_client
from duplex_dev.testing.accounts.quick_passwords import QUICK
from fastapi import FastAPI

from tests.accounts.people import Device, accounts, promote


@pytest.fixture
def methods() -> list[Method]:
    """The methods of the application."""
    return [Password()]


@pytest.fixture
def application(methods: list[Method]) -> Application:
    """The application of the tests, with accounts."""
    return replace(anonymous, accounts=accounts(*methods))


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with next to no memory: how strong the real parameters are has its own test."""
    monkeypatch.setattr("duplex.accounts.methods.password.hashing._hasher", QUICK)


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts are counted in windows of minutes: no test reaches into the next one."""
    began = time()
    monkeypatch.setattr(attempts, "time", lambda: began)


class Clock:
    """The time that sign-ins go by; moved instead of waited for."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """This moment, as far as sign-ins know."""
        return now() + self._ahead

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self._ahead += by


CLOCKED: tuple[ModuleType, ...] = (refresh_tokens, granting, current, challenges)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of sign-ins and challenges; not that of access tokens."""
    made = Clock()
    for module in CLOCKED:
        monkeypatch.setattr(module, "now", made.now)
    return made


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Attempts that wait for their turn do not wait; returns the seconds that they would."""
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(attempts, "sleep", wait)
    return waited


NewDevice = Callable[..., Device]


@pytest.fixture
def new_device(app: FastAPI) -> NewDevice:
    """Make browsers: `new_device()` is Ada's, `new_device("bob@example.org")` is Bob's."""

    def make(email: str = "ada@example.org", address: str = "127.0.0.1") -> Device:
        http = new_client(app)
        transport = cast("httpx.ASGITransport", http._transport)  # pyright: ignore[reportPrivateUsage]
        transport.client = (address, 4711)
        return Device(http, email)

    return make


@pytest.fixture
async def ada(new_device: NewDevice) -> Device:
    """Ada's browser, where she has just signed up."""
    device = new_device()
    response = await device.sign_up()
    assert response.status_code == 201
    return device


@pytest.fixture
async def admin(new_device: NewDevice, database: Database) -> Device:
    """An admin's browser."""
    device = new_device("admin@example.org")
    await device.sign_up()
    await promote(device, database)
    return device

"""People who sign in, on a database of their own."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from app.main import application as anonymous
from argon2 import PasswordHasher
from duplex import Application
from duplex.accounts import Accounts, families, password
from duplex.web.database import now
from duplex_dev.testing import new_client
from fastapi import FastAPI

PASSWORD = "correct horse battery"


@pytest.fixture
def application() -> Application:
    """The application of the tests, with accounts."""
    return replace(anonymous, accounts=Accounts([password.router]))


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with next to no memory: how strong the real parameters are has its own test."""
    monkeypatch.setattr("duplex.accounts.hashing._hasher", PasswordHasher(1, 8, 1))


class Clock:
    """The time that sign-ins go by; moved instead of waited for."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """This moment, as far as families of refresh tokens know."""
        return now() + self._ahead

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self._ahead += by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of `duplex.accounts.families`."""
    made = Clock()
    monkeypatch.setattr(families, "now", made.now)
    return made


@dataclass
class Device:
    """A browser of somebody; `token` is the access token in its memory."""

    http: httpx.AsyncClient
    email: str
    token: str = ""
    profile: dict[str, Any] = field(default_factory=dict[str, Any])

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Post to /api/v1/auth; a new access token is remembered."""
        response = await self.http.post(
            f"/api/v1/auth/{path}", json=body, headers=self.authorization
        )
        if response.is_success and response.content:
            self.token = response.json()["access_token"]
            self.profile = response.json()["user"]
        return response

    async def sign_up(self, password: str = PASSWORD) -> httpx.Response:
        """Make the account."""
        body = {"email": self.email, "name": "Ada", "password": password}
        return await self.post("sign-up", body)

    async def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        """Sign in to the account."""
        return await self.post("sign-in", {"email": self.email, "password": password})

    async def who(self) -> int:
        """The status of asking who one is: 200 while the access token counts."""
        return (await self.http.get("/api/v1/users/me", headers=self.authorization)).status_code

    @property
    def authorization(self) -> dict[str, str]:
        """What a request carries."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def cookie(self) -> str:
        """The refresh token, which no script of a page could read."""
        return self.http.cookies["refresh_token"]

    @cookie.setter
    def cookie(self, token: str) -> None:
        self.http.cookies.clear()
        self.http.cookies.set("refresh_token", token, domain="test.local", path="/api/v1/auth")


NewDevice = Callable[..., Device]


@pytest.fixture
def new_device(app: FastAPI) -> NewDevice:
    """Make browsers: `new_device()` is Ada's, `new_device("bob@example.org")` is Bob's."""

    def make(email: str = "ada@example.org") -> Device:
        return Device(new_client(app), email)

    return make


@pytest.fixture
async def ada(new_device: NewDevice) -> Device:
    """Ada's browser, where she has just signed up."""
    device = new_device()
    response = await device.sign_up()
    assert response.status_code == 201
    return device

"""Accounts for tests: a table of users, the template's mails, and browsers that sign in."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from duplex.accounts import Account, Accounts
from duplex.accounts.methods.base import Method
from duplex.accounts.methods.password import Password
from duplex.web.database import Database

from tools.source import ROOT

MAILS = ROOT / "template" / "backend" / "app" / "users" / "mails"

PASSWORD = "correct horse battery"
ANOTHER = "another horse battery"
SLUG = "test-application"


class User(Account):
    """A team's table without columns of its own."""


def accounts(*methods: Method) -> Accounts:
    """Accounts with these methods; with a password alone where nothing is given."""
    return Accounts(User, methods or [Password()], mails=MAILS)


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that arrived."""

    to: str
    subject: str
    text: str
    html: str

    @property
    def link(self) -> str:
        """The address in it."""
        found = re.search(r"https?://\S+", self.text)
        assert found is not None, self.text
        return found[0]

    @property
    def token(self) -> str:
        """The token of its link."""
        return urlsplit(self.link).fragment.removeprefix("token=")

    @property
    def code(self) -> str:
        """The code that is typed where the mail was asked for."""
        # At the end of a line: part of the token in the link may look like a code.
        found = re.search(r": ([2-9A-Z]{4}-[2-9A-Z]{4})$", self.text, re.MULTILINE)
        assert found is not None, self.text
        return found[1]


@dataclass
class Device:
    """A user's browser; `token` is the access token in its memory."""

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
            answer = response.json()
            if answer.get("status") == "signed_in":
                self.token = answer["access_token"]
                self.profile = answer["user"]
        return response

    async def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Any request below /api/v1. Like a browser, it names no `Origin` with a GET."""
        request = self.http.build_request(
            method, f"/api/v1/{path}", json=body, headers=self.authorization
        )
        if method == "GET":
            request.headers.pop("Origin", None)
        return await self.http.send(request)

    async def mails(self, to: str | None = None) -> list[Received]:
        """The mails to an address (the account's own), the newest first."""
        response = await self.http.get("/dev/mailbox/mails", params={"to": to or self.email})
        return [
            Received(mail["to"], mail["subject"], mail["text"], mail["html"])
            for mail in response.json()
        ]

    async def mail(self, to: str | None = None) -> Received:
        """The newest mail."""
        return (await self.mails(to))[0]

    async def ask_for_account(self, password: str = PASSWORD) -> httpx.Response:
        """Ask for the account; a mail leads on."""
        body = {"email": self.email, "name": "Ada", "password": password}
        return await self.post("password/sign-up", body)

    async def sign_up(self, password: str = PASSWORD) -> httpx.Response:
        """Make the account, with the link in the mail."""
        assert (await self.ask_for_account(password)).status_code == 202
        return await self.post("sign-up/confirm", {"token": (await self.mail()).token})

    async def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        """Sign in to the account."""
        return await self.post("password/sign-in", {"email": self.email, "password": password})

    async def who(self) -> int:
        """The status of a request for the own profile: 200 while the access token is valid."""
        return (await self.ask("GET", "users/me")).status_code

    @property
    def authorization(self) -> dict[str, str]:
        """The headers of a request with the access token."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def cookie(self) -> str:
        """The refresh token, which no script of a page could read."""
        return self.http.cookies[f"{SLUG}-refresh"]

    @cookie.setter
    def cookie(self, token: str) -> None:
        self.http.cookies.clear()
        self.http.cookies.set(f"{SLUG}-refresh", token, domain="test.local", path="/api/v1/auth")


def status_and_code(response: httpx.Response) -> tuple[int, str]:
    """The status of a response, and the code if it is an error."""
    return response.status_code, response.json().get("code", "") if response.content else ""


async def promote(device: Device, database: Database) -> None:
    """Make the user of a browser an admin."""
    async with database.transaction() as db:
        (await db.get_one(User, device.profile["id"])).is_admin = True

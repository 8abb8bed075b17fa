"""Actions of users while their team changes the sign-in methods; runs inside a rendered project.

    python users_over_time.py STEP DATABASE_URL…

Each step starts the project's own application on each database. test_sign_in_over_time.py changes
the answer between the steps.
"""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from duplex import Database
from duplex.web.migrate import migrate
from duplex_dev import project
from duplex_dev.client import Client
from duplex_dev.testing import serve
from sqlalchemy import text

ADA, BOB = "ada@example.org", "bob@example.org"
LONGEST = 120.0
"""Seconds that an answer may take on a busy machine."""

PASSWORD, ANOTHER = "correct horse battery", "another horse battery"


@dataclass
class Browser:
    """A browser without a window, and the access token in its memory."""

    http: httpx.AsyncClient
    email: str = ""
    token: str | None = None

    async def post(self, path: str, **body: str) -> int:
        """Post to /api/v1/auth; keeps the access token, returns the status."""
        answer = await self.http.post(f"/api/v1/auth/{path}", json=body)
        if answer.is_success and answer.content:
            self.token = answer.json().get("access_token", self.token)
        return answer.status_code

    async def mailed(self) -> str:
        """The token in the newest mail."""
        answer = await self.http.get("/dev/mailbox/mails", params={"to": self.email})
        found = re.search(r"#token=(\S+)", answer.json()[0]["text"])
        assert found is not None, answer.text
        return found[1]

    async def sign_up(self, path: str = "sign-up", **more: str) -> None:
        """Create the account, with the link of the mail."""
        assert await self.post(path, email=self.email, name="Somebody", **more) == 202
        assert await self.post("sign-up/confirm", token=await self.mailed()) == 201

    async def sign_in(self, password: str) -> int:
        """Sign in with the password; the status."""
        return await self.post("password/sign-in", email=self.email, password=password)

    async def sign_in_by_mail(self) -> None:
        """Sign in with a mailed link."""
        assert await self.post("magic-link", email=self.email) == 202
        assert await self.post("magic-link/sign-in", token=await self.mailed()) == 200

    async def saved(self) -> list[str]:
        """The ids in the user's list of saved sessions."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self.http.get("/api/v1/sessions", headers=headers)
        assert answer.status_code == 200, answer.text
        return sorted(item["id"] for item in answer.json()["sessions"])

    async def save(self, session: str) -> None:
        """Join a session and save it."""
        url = str(self.http.base_url).rstrip("/")
        hello: dict[str, Any] = {"session": session, "token": self.token}
        async with await Client.join(url, patience=LONGEST, **hello) as client:
            await client.request("save", {"title": session})


NewBrowser = Callable[..., Browser]


async def without_accounts(new: NewBrowser, _: Database) -> None:
    """Everybody shares one list."""
    guest = new()
    await guest.save("before")
    assert await guest.saved() == ["before"]


async def first_accounts(new: NewBrowser, _: Database) -> None:
    """Rows that were saved before have no owner yet."""
    ada = new(ADA)
    await ada.sign_up("password/sign-up", password=PASSWORD)
    assert await ada.saved() == []


async def password_and_links(new: NewBrowser, _: Database) -> None:
    """After `poe adopt`: the account has both methods; a new one is made without a password."""
    ada, again, bob = new(ADA), new(ADA), new(BOB)
    assert await ada.sign_in(PASSWORD) == 200
    await again.sign_in_by_mail()
    assert await ada.saved() == await again.saved() == ["before"]
    await bob.sign_up()
    await bob.save("of-bob")
    assert await bob.saved() == ["of-bob"]


async def links(new: NewBrowser, _: Database) -> None:
    """The accounts are the same, and there is no password to try."""
    ada, bob = new(ADA), new(BOB)
    assert await ada.sign_in(PASSWORD) in (404, 405)
    await ada.sign_in_by_mail()
    await bob.sign_in_by_mail()
    assert (await ada.saved(), await bob.saved()) == (["before"], ["of-bob"])


async def password(new: NewBrowser, _: Database) -> None:
    """The old password is still valid; a user who never had one sets one by mail."""
    ada, bob = new(ADA), new(BOB)
    assert await ada.sign_in(PASSWORD) == 200
    assert await bob.sign_in(ANOTHER) == 401
    assert await bob.post("password/recover", email=BOB) == 202
    reset = {"token": await bob.mailed(), "new_password": ANOTHER}
    assert await bob.post("password/reset", **reset) == 200
    assert await bob.sign_in(ANOTHER) == 200
    assert (await ada.saved(), await bob.saved()) == (["before"], ["of-bob"])


async def no_accounts_any_more(new: NewBrowser, database: Database) -> None:
    """Rows keep their owners until the team clears the column as the docs say."""
    guest = new()
    await guest.save("after")
    assert await guest.saved() == ["after"]
    async with database.transaction() as db:
        await db.execute(text("UPDATE saved_sessions SET owner = NULL"))
    assert await guest.saved() == ["after", "before", "of-bob"]


STEPS: dict[str, Callable[[NewBrowser, Database], Awaitable[None]]] = {
    step.__name__: step
    for step in (
        without_accounts,
        first_accounts,
        password_and_links,
        links,
        password,
        no_accounts_any_more,
    )
}


async def take(step: str, url: str) -> None:
    """Migrate the database, start the application, and let the users act."""
    settings = project.settings_type().given(database_url=url, session_drain=0)
    database = Database(url)
    await migrate(database, settings.root)
    async with serve(project.application().create(settings)) as place:
        origin = f"http://{place}"
        opened: list[httpx.AsyncClient] = []

        def new(email: str = "") -> Browser:
            options: dict[str, Any] = {"trust_env": False, "timeout": LONGEST}
            opened.append(httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, **options))
            return Browser(opened[-1], email)

        await STEPS[step](new, database)
        for client in opened:
            await client.aclose()
    await database.dispose()


async def main(step: str, *urls: str) -> None:
    """One database after the other."""
    for url in urls:
        await take(step, url)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""Tokens that run out and accounts that are deactivated in the middle of a conversation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random

import httpx
import pytest
from duplex import Application, Close, Database, Rate, Registry, Sessions, Settings
from duplex.accounts.sign_in import tokens
from duplex_dev.testing import serve
from duplex_dev.testing.promises.crowd import settle

from tests.accounts.conftest import cheap_hashes
from tests.accounts.people import Device, User, accounts
from tests.engine.chaos.states import states
from tests.engine.chaos.talk import talk, unique, verdict
from tests.engine.chaos.talker import Talker
from tests.engine.support import PATH, Notes

__all__ = ["cheap_hashes"]


class Talk(Application):
    """The application of these tests: their states and their document, behind accounts."""

    def registry(self) -> Registry:
        return states()


@pytest.fixture
def application() -> Application:
    return Talk(document=Notes, sessions=Sessions(), accounts=accounts())


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Deadlines are checked ten times a heartbeat: often, for a token of four seconds."""
    changes = {"session_rate": Rate(100_000, 1.0), "session_heartbeat": 2.0}
    return settings.model_copy(update=changes)


class People:
    """Makes users with accounts, and their participants in one session."""

    def __init__(self, place: str, stack: AsyncExitStack, chance: Random) -> None:
        self.session = unique()
        self._place = place
        self._stack = stack
        self._chance = chance

    async def sign_up(self, name: str) -> Device:
        """Create an account and sign it in; returns its browser."""
        origin = f"http://{self._place}"
        made = httpx.AsyncClient(base_url=origin, headers={"Origin": origin})
        device = Device(await self._stack.enter_async_context(made), f"{name}@example.org")
        assert (await device.sign_up()).status_code == 201
        return device

    async def talker(self, name: str, device: Device, *, renews: bool = True) -> Talker:
        """A participant that has joined the session."""

        async def renew() -> str:
            await device.post("refresh")
            return device.token

        made = Talker(
            name,
            self.session,
            lambda: f"ws://{self._place}{PATH}",
            self._chance,
            token=lambda: device.token,
            renew=renew if renews else None,
        )
        await self._stack.enter_async_context(made)
        await made.is_open()
        return made


@pytest.fixture
async def people(
    application: Application, settings: Settings, cheap_hashes: None, chance: Random
) -> AsyncIterator[People]:
    """Users of a running server; there are none yet."""
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(serve(application.create(settings)))
        yield People(place, stack, chance)


async def test_an_expiring_token_disconnects_only_participants_who_do_not_renew_it(
    people: People, chance: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "LIFETIME", 4)
    ada = await people.talker("ada", await people.sign_up("ada"))
    bob = await people.talker("bob", await people.sign_up("bob"), renews=False)
    over = asyncio.Event()
    talking = asyncio.create_task(talk(ada, chance, over))
    assert await bob.ended() == Close.NOT_SIGNED_IN
    # A lifetime later Ada lives by a token that was renewed in place.
    seen = ada.seen
    await ada.has_seen(seen + 20)
    over.set()
    await talking
    await settle([ada])
    bob.record.settled = False
    verdict([ada.record, bob.record])
    for one in (ada, bob):
        assert "expiring" in {frame["state"] for _, frame in one.record.frames()}
    assert ada.record.closes == []


async def test_a_deactivated_account_is_disconnected_everywhere_and_nobody_else(
    people: People, chance: Random, settings: Settings
) -> None:
    device = await people.sign_up("ada")
    ada = [await people.talker(name, device) for name in ("ada", "ada-too")]
    bob = await people.talker("bob", await people.sign_up("bob"))
    admin = await people.sign_up("admin")
    await make_admin(settings, admin)
    over = asyncio.Event()
    talking = [asyncio.create_task(talk(one, chance, over)) for one in (*ada, bob)]
    await bob.has_seen(40)
    changed = await admin.http.patch(
        f"/api/v1/users/{device.profile['id']}",
        json={"is_active": False},
        headers=admin.authorization,
    )
    assert changed.status_code == 200
    assert [await one.ended() for one in ada] == [Close.NOT_SIGNED_IN] * 2
    await bob.has_seen(bob.seen + 20)
    over.set()
    await asyncio.gather(*talking)
    await settle([bob])
    for one in ada:
        one.record.settled = False
    verdict([one.record for one in (*ada, bob)])
    assert bob.record.closes == []


async def make_admin(settings: Settings, device: Device) -> None:
    """Make the user an admin, as FIRST_ADMIN_EMAIL does for the first one."""
    database = Database(settings.database_url)
    async with database.transaction() as db:
        (await db.get_one(User, device.profile["id"])).is_admin = True
    await database.dispose()

"""Attempts to take over an account, to get around the second step, or to keep a hold on either."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from app.settings import Settings
from duplex.accounts.commands import make_admin
from duplex.accounts.methods.base import Method
from duplex.accounts.methods.magic_link import MagicLink
from duplex.accounts.methods.password import Password
from duplex.accounts.methods.totp import Totp
from duplex.accounts.services import Services
from duplex.accounts.sign_in.current import Active, find_active
from duplex.accounts.tables.credentials import Password as StoredPassword
from duplex.web.database import Database
from duplex_dev.testing import on_every_database
from fastapi import FastAPI
from pyotp.totp import TOTP
from sqlalchemy import select

from tests.accounts.conftest import NewDevice
from tests.accounts.people import SLUG, Device, User, promote, status_and_code

NEW = "thief@example.net"


@pytest.fixture
def methods() -> list[Method]:
    return [Password(), MagicLink(), Totp()]


async def test_signing_a_thief_out_stops_the_change_of_the_address(
    ada: Device, new_device: NewDevice
) -> None:
    thief = new_device()
    await thief.sign_in()
    assert (await thief.post("email/change", {"email": NEW})).status_code == 202
    assert "sign out everywhere" in (await ada.mail()).text
    assert (await ada.post("sign-out-everywhere")).status_code == 204
    proof = {"token": (await ada.mail(NEW)).token}
    assert status_and_code(await thief.post("email/confirm", proof)) == (410, "link_expired")
    assert (await ada.sign_in()).status_code == 200


async def test_a_sign_in_without_the_second_step_cannot_turn_it_off(
    ada: Device, new_device: NewDevice
) -> None:
    thief = new_device()
    await thief.sign_in()
    secret = (await ada.post("totp/set-up")).json()["secret"]
    done = await ada.post("totp/confirm", {"code": TOTP(secret).now()})
    assert done.status_code == 200
    # The thief's sign-in is only seconds old.
    for path, body in (("totp/turn-off", None), ("email/change", {"email": NEW})):
        assert status_and_code(await thief.post(path, body)) == (403, "not_fresh")
    # The owner's is still recent.
    assert (await ada.post("totp/recovery-codes")).status_code == 200


async def test_an_admin_who_was_just_removed_cannot_create_another_one(
    admin: Device, ada: Device, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(*given: Any) -> Active:
        active = await find_active(*given)
        async with database.transaction() as db:
            (await db.get_one(User, admin.profile["id"])).is_admin = False
        return active

    with monkeypatch.context() as patch:
        patch.setattr("duplex.accounts.sign_in.current.find_active", find)
        body = {"email": NEW, "name": "Thief", "is_admin": True}
        assert status_and_code(await admin.ask("POST", "users", body)) == (403, "forbidden")
    async with database.reading() as db:
        assert await db.scalar(select(User).where(User.email == NEW)) is None


@on_every_database
async def test_one_code_of_the_app_signs_in_once_in_two_requests(
    ada: Device, new_device: NewDevice
) -> None:
    secret = (await ada.post("totp/set-up")).json()["secret"]
    app = TOTP(secret)
    assert (await ada.post("totp/confirm", {"code": app.now()})).status_code == 200
    browsers = [new_device(), new_device()]
    challenges = [(await one.sign_in()).json()["challenge"] for one in browsers]
    later = app.at(datetime.now(UTC), counter_offset=1)
    answers = await asyncio.gather(
        *(
            one.post("totp/sign-in", {"challenge": challenge, "code": later})
            for one, challenge in zip(browsers, challenges, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403]


@pytest.mark.parametrize("name", [f"\u00a0{SLUG}-refresh", f"{SLUG}-refresh\u0085"])
async def test_a_cookie_with_a_similar_name_is_not_read(
    ada: Device, new_device: NewDevice, name: str
) -> None:
    thief = new_device("thief@example.org")
    await thief.sign_up()
    header = f"{SLUG}-refresh={ada.cookie}; {name}={thief.cookie}"
    refreshed = await ada.http.post(
        "/api/v1/auth/refresh", headers=[(b"cookie", header.encode("latin-1"))]
    )
    assert refreshed.json()["user"]["email"] == ada.email


async def test_the_first_of_two_cookies_with_one_name_counts(
    ada: Device, new_device: NewDevice
) -> None:
    """Browsers send the one with the longest path first: ours."""
    thief = new_device("thief@example.org")
    await thief.sign_up()
    header = f"{SLUG}-refresh={ada.cookie}; {SLUG}-refresh={thief.cookie}"
    refreshed = await ada.http.post("/api/v1/auth/refresh", headers={"cookie": header})
    assert refreshed.json()["user"]["email"] == ada.email


class TestWhereVerificationIsOptional:
    """`EMAIL_VERIFICATION=optional`: anybody can make an account with the address of another."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"email_verification": "optional"})

    @pytest.fixture
    async def thief(self, new_device: NewDevice) -> Device:
        device = new_device()
        await device.ask_for_account()
        assert (await device.sign_in()).status_code == 200
        return device

    async def test_the_owner_stops_a_change_of_the_address_that_waits(
        self, thief: Device, new_device: NewDevice
    ) -> None:
        await thief.post("email/change", {"email": NEW})
        owner = new_device()
        await owner.post("magic-link", {"email": owner.email})
        proof = {"token": (await owner.mail()).token}
        assert (await owner.post("magic-link/sign-in", proof)).status_code == 200
        proof = {"token": (await thief.mail(NEW)).token}
        assert status_and_code(await thief.post("email/confirm", proof)) == (410, "link_expired")
        assert (await owner.ask("GET", "users/me")).json()["email"] == owner.email

    async def test_a_new_admin_is_the_owner_of_the_address(
        self, thief: Device, app: FastAPI, database: Database
    ) -> None:
        services: Services = app.state.lifespan["accounts"]
        made = await make_admin(services, thief.email, "Boss")
        assert made.path is not None, "the owner comes in by a link"
        assert await thief.who() == 401
        assert (await thief.sign_in()).status_code == 401
        async with database.reading() as db:
            assert (await db.scalars(select(StoredPassword))).all() == []

    async def test_an_admin_promotes_the_owner_of_the_address(
        self, thief: Device, new_device: NewDevice, database: Database
    ) -> None:
        boss = new_device("boss@example.org")
        await boss.sign_up()
        await promote(boss, database)
        path = f"users/{thief.profile['id']}"
        assert (await boss.ask("PATCH", path, {"is_admin": True})).json()["is_admin"] is True
        assert await thief.who() == 401
        assert (await thief.sign_in()).status_code == 401

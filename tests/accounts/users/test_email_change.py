"""Changing and verifying an e-mail address."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from app.settings import Settings
from duplex.accounts.sign_in import current
from duplex.accounts.tables.challenges import Challenge
from duplex.accounts.tables.credentials import Password
from duplex.mail import isolate
from duplex.web.database import Database
from fastapi import FastAPI
from sqlalchemy import select

from tests.accounts.conftest import Clock, NewDevice
from tests.accounts.people import ANOTHER, PASSWORD, Device, User, status_and_code

NEW = "lovelace@example.org"


async def change(device: Device, email: str = NEW) -> tuple[int, str]:
    answer = await device.post("email/change", {"email": email})
    return status_and_code(answer)


async def test_a_new_address_takes_effect_when_it_is_confirmed(
    ada: Device, new_device: NewDevice
) -> None:
    assert await change(ada, "Lovelace@Example.org") == (202, "")
    assert "asked to change" in (await ada.mail()).text
    assert (await new_device().sign_in()).status_code == 200
    confirmed = await ada.post("email/confirm", {"token": (await ada.mail(NEW)).token})
    assert (confirmed.status_code, confirmed.json()["email"]) == (200, NEW)
    assert (await new_device().sign_in()).status_code == 401
    assert (await new_device(NEW).sign_in()).status_code == 200
    for address in (ada.email, NEW):
        mails = await ada.mails(address)
        change_told = f"from {isolate(ada.email)} to {isolate(NEW)}"
        assert any(change_told in mail.text for mail in mails)


async def test_the_mailed_code_confirms_the_address_too(ada: Device) -> None:
    await change(ada)
    confirmed = await ada.post("email/confirm", {"code": (await ada.mail(NEW)).code})
    assert confirmed.status_code == 200


async def test_another_browser_cannot_confirm(ada: Device, new_device: NewDevice) -> None:
    await change(ada)
    answer = await new_device().post("email/confirm", {"token": (await ada.mail(NEW)).token})
    assert status_and_code(answer) == (409, "other_browser")


async def test_a_change_needs_a_recent_sign_in(ada: Device, clock: Clock) -> None:
    clock.move(current.FRESH + timedelta(seconds=1))
    assert await change(ada) == (403, "not_fresh")
    # The password, typed once more, confirms the sign-in.
    assert (await ada.sign_in()).status_code == 200
    assert await change(ada) == (202, "")


async def test_a_taken_address_gets_the_same_response_and_another_mail(
    ada: Device, new_device: NewDevice
) -> None:
    bob = new_device("bob@example.org")
    await bob.sign_up()
    assert await change(ada, bob.email) == (202, "")
    mail = await bob.mail()
    assert "belongs to an account already" in mail.text
    assert "#token" not in mail.text
    wrong = await ada.post("email/confirm", {"code": "2222-2222"})
    assert status_and_code(wrong) == (403, "wrong_code")


async def test_an_address_that_was_taken_in_the_meantime_is_refused(
    ada: Device, new_device: NewDevice
) -> None:
    await change(ada)
    mail = await ada.mail(NEW)
    await new_device(NEW).sign_up()
    answer = await ada.post("email/confirm", {"token": mail.token})
    assert status_and_code(answer) == (422, "refused")


async def test_a_mail_of_an_earlier_version_has_expired(ada: Device, database: Database) -> None:
    await change(ada)
    async with database.transaction() as db:
        (challenge,) = await db.scalars(select(Challenge).where(Challenge.purpose == "email"))
        challenge.data = json.dumps({"email": NEW})
    answer = await ada.post("email/confirm", {"token": (await ada.mail(NEW)).token})
    assert status_and_code(answer) == (410, "link_expired")


async def test_links_mailed_to_the_old_address_are_invalid_after_the_change(
    ada: Device, new_device: NewDevice
) -> None:
    thief = new_device()
    await thief.post("password/recover", {"email": ada.email})
    mail = await ada.mail()
    await change(ada)
    await ada.post("email/confirm", {"token": (await ada.mail(NEW)).token})
    proof = {"token": mail.token, "new_password": ANOTHER}
    assert (await thief.post("password/reset", proof)).status_code == 410


class TestWhereVerificationIsOptional:
    """`EMAIL_VERIFICATION=optional`."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"email_verification": "optional"})

    @pytest.fixture
    async def unverified(self, new_device: NewDevice) -> Device:
        device = new_device()
        assert (await device.ask_for_account()).status_code == 202
        assert (await device.sign_in()).status_code == 200
        assert device.profile["email_verified"] is False
        return device

    async def test_users_may_sign_in_before_they_confirm_their_address(
        self, unverified: Device
    ) -> None:
        confirmed = await unverified.post(
            "sign-up/confirm", {"token": (await unverified.mail()).token}
        )
        assert confirmed.status_code == 201
        assert (await unverified.ask("GET", "users/me")).json()["email_verified"] is True

    async def test_the_confirmation_mail_can_be_sent_again(self, unverified: Device) -> None:
        assert (await unverified.post("email/verify")).status_code == 202
        answer = await unverified.post("email/confirm", {"code": (await unverified.mail()).code})
        assert answer.json()["email_verified"] is True

    async def test_the_owner_of_the_address_takes_over_the_account(
        self, unverified: Device, new_device: NewDevice, database: Database
    ) -> None:
        owner = new_device()
        await owner.post("password/recover", {"email": owner.email})
        proof = {"token": (await owner.mail()).token, "new_password": ANOTHER}
        assert (await owner.post("password/reset", proof)).status_code == 200
        assert await unverified.who() == 401
        assert (await new_device().sign_in(PASSWORD)).status_code == 401
        async with database.reading() as db:
            assert len((await db.scalars(select(Password))).all()) == 1


async def test_an_unverified_account_cannot_sign_in_if_verification_is_required(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    async with database.transaction() as db:
        (user,) = await db.scalars(select(User))
        user.email_verified_at = None
    answer = await new_device().sign_in()
    assert status_and_code(answer) == (403, "email_unverified")


async def test_nobody_can_sign_up_if_sign_up_is_by_invitation(
    app: FastAPI, settings: Settings, new_device: NewDevice
) -> None:
    services = app.state.lifespan["accounts"]
    invited = settings.model_copy(update={"sign_up": "invited"})
    app.state.lifespan["accounts"] = replace(services, settings=invited)
    answer = await new_device().ask_for_account()
    assert status_and_code(answer) == (403, "invited_only")


@pytest.mark.parametrize(("sign_up", "is_open"), [("open", True), ("invited", False)])
async def test_the_page_learns_whether_visitors_can_sign_up(
    app: FastAPI, settings: Settings, new_device: NewDevice, sign_up: str, is_open: bool
) -> None:
    services = app.state.lifespan["accounts"]
    changed = settings.model_copy(update={"sign_up": sign_up})
    app.state.lifespan["accounts"] = replace(services, settings=changed)
    answer = await new_device().ask("GET", "auth/sign-up")
    assert (answer.status_code, answer.json()) == (200, {"open": is_open})

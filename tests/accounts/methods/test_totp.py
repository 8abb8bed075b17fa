"""The second step with an authenticator app."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from duplex.accounts import challenges
from duplex.accounts.methods.base import Method
from duplex.accounts.methods.magic_link import MagicLink
from duplex.accounts.methods.password import Password
from duplex.accounts.methods.totp import Totp, store
from duplex.accounts.services import Services
from duplex.accounts.sign_in import current
from duplex.accounts.sign_in.granting import SECOND_STEP
from duplex.accounts.tables.credentials import RecoveryCode, TotpSecret
from duplex.web.database import Database
from fastapi import FastAPI
from pydantic import SecretStr
from pyotp.totp import TOTP
from sqlalchemy import select

from tests.accounts.conftest import Clock, NewDevice
from tests.accounts.people import ANOTHER, PASSWORD, Device, status_and_code

SHORT = "kQ9!vLmz"


@pytest.fixture
def methods() -> list[Method]:
    return [Password(), MagicLink(), Totp()]


class App:
    """An authenticator app, whose time is moved from step to step."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = time.time()
        self.secret = ""
        monkeypatch.setattr(store, "time", lambda: self._now)

    def next(self) -> str:
        """The code of the next time step: none was used in it."""
        self._now += store.STEP
        return self.code()

    def code(self, steps: int = 0) -> str:
        """The code of this time step, or of one around it."""
        return TOTP(self.secret).at(int(self._now) + steps * store.STEP)


@pytest.fixture
def app_of_ada(monkeypatch: pytest.MonkeyPatch) -> App:
    return App(monkeypatch)


@pytest.fixture
async def codes(ada: Device, app_of_ada: App) -> list[str]:
    """Ada's recovery codes: her second step is on."""
    set_up = (await ada.post("totp/set-up")).json()
    app_of_ada.secret = set_up["secret"]
    done = await ada.post("totp/confirm", {"code": app_of_ada.next()})
    assert done.status_code == 200
    return done.json()["recovery_codes"]


async def first_step(device: Device, password: str = PASSWORD) -> dict[str, Any]:
    answer = (await device.sign_in(password)).json()
    assert (answer["status"], answer["method"]) == ("second_step", "totp")
    assert device.token == ""
    return answer


async def second_step(device: Device, challenge: str, code: str) -> tuple[int, str]:
    answer = await device.post("totp/sign-in", {"challenge": challenge, "code": code})
    return status_and_code(answer)


async def test_the_second_step_is_set_up_with_a_qr_code_and_confirmed(
    ada: Device, app_of_ada: App
) -> None:
    set_up = (await ada.post("totp/set-up")).json()
    assert set_up["qr"].startswith("<svg")
    assert set_up["uri"].startswith("otpauth://totp/Test%20Application:ada%40example.org?")
    assert set_up["secret"] in set_up["uri"]
    app_of_ada.secret = set_up["secret"]
    # Not asked for before it was confirmed.
    assert (await ada.ask("GET", "auth/totp")).json()["is_on"] is False
    assert (await ada.sign_in()).json()["status"] == "signed_in"
    wrong = await ada.post("totp/confirm", {"code": "000000"})
    assert status_and_code(wrong) == (403, "wrong_code")
    done = await ada.post("totp/confirm", {"code": app_of_ada.next()})
    assert len(set(done.json()["recovery_codes"])) == store.RECOVERY_CODES
    state = (await ada.ask("GET", "auth/totp")).json()
    assert state == {"is_on": True, "recovery_codes_left": store.RECOVERY_CODES}
    assert "turned on" in (await ada.mail()).text


async def test_both_steps_together_sign_in(
    ada: Device, new_device: NewDevice, codes: list[str], app_of_ada: App
) -> None:
    browser = new_device()
    step = await first_step(browser)
    assert await second_step(browser, step["challenge"], app_of_ada.next()) == (200, "")
    assert await browser.who() == 200
    (device, _) = (await browser.ask("GET", "auth/devices")).json()["devices"]
    assert device["methods"] == "password totp"


async def test_the_challenge_is_valid_only_for_the_second_step(
    ada: Device, new_device: NewDevice, codes: list[str]
) -> None:
    browser = new_device()
    challenge = (await first_step(browser))["challenge"]
    browser.token = challenge
    assert await browser.who() == 401
    browser.token = ""
    browser.cookie = challenge
    assert (await browser.post("refresh")).status_code == 401
    for path, body in (
        ("invitation/accept", {"token": challenge}),
        ("magic-link/sign-in", {"token": challenge}),
        ("password/reset", {"token": challenge, "new_password": ANOTHER}),
        ("email/confirm", {"token": challenge}),
    ):
        assert (await browser.post(path, body)).status_code == 410


async def test_a_code_works_once(
    ada: Device, new_device: NewDevice, codes: list[str], app_of_ada: App
) -> None:
    code = app_of_ada.next()
    one, other = new_device(), new_device()
    assert await second_step(one, (await first_step(one))["challenge"], code) == (200, "")
    challenge = (await first_step(other))["challenge"]
    assert await second_step(other, challenge, code) == (403, "wrong_code")
    # Nor does an older one that was not used.
    assert await second_step(other, challenge, app_of_ada.code(-1)) == (403, "wrong_code")


async def test_clocks_may_differ_a_little(
    ada: Device, new_device: NewDevice, codes: list[str], app_of_ada: App
) -> None:
    app_of_ada.next()
    for steps, status in ((2, 403), (1, 200)):
        browser = new_device()
        challenge = (await first_step(browser))["challenge"]
        answered = await second_step(browser, challenge, app_of_ada.code(steps))
        assert answered[0] == status


async def test_a_challenge_expires_and_ends_after_wrong_codes(
    ada: Device, new_device: NewDevice, codes: list[str], app_of_ada: App, clock: Clock
) -> None:
    browser = new_device()
    challenge = (await first_step(browser))["challenge"]
    for _ in range(challenges.MOST_WRONG):
        assert await second_step(browser, challenge, "000000") == (403, "wrong_code")
    assert await second_step(browser, challenge, app_of_ada.next()) == (410, "link_expired")
    challenge = (await first_step(browser))["challenge"]
    clock.move(SECOND_STEP + timedelta(seconds=1))
    assert await second_step(browser, challenge, app_of_ada.next()) == (410, "link_expired")


async def test_guesses_are_limited_across_challenges(
    ada: Device, new_device: NewDevice, codes: list[str]
) -> None:
    browser = new_device(address="203.0.113.5")
    answers: list[int] = []
    for _ in range(12):
        challenge = (await first_step(browser))["challenge"]
        answers.append((await second_step(browser, challenge, "000000"))[0])
    assert answers == [403] * 10 + [429] * 2


async def test_a_recovery_code_replaces_the_app_once(
    ada: Device, new_device: NewDevice, codes: list[str], database: Database
) -> None:
    browser = new_device()
    typed = codes[0].upper().replace("-", " ")
    challenge = (await first_step(browser))["challenge"]
    assert await second_step(browser, challenge, typed) == (200, "")
    assert any("recovery code was used" in mail.text for mail in await ada.mails())
    left = (await browser.ask("GET", "auth/totp")).json()["recovery_codes_left"]
    assert left == store.RECOVERY_CODES - 1
    other = new_device()
    challenge = (await first_step(other))["challenge"]
    assert await second_step(other, challenge, codes[0]) == (403, "wrong_code")
    async with database.reading() as db:
        hashes = list(await db.scalars(select(RecoveryCode.code_hash)))
    assert not any(code in hashes for code in codes)


async def test_recovery_codes_have_120_random_bits_and_are_hashed(
    codes: list[str], database: Database
) -> None:
    letters = [code.replace("-", "") for code in codes]
    # Base 32: five bits for each letter.
    assert [len(one) * 5 for one in letters] == [120] * store.RECOVERY_CODES
    async with database.reading() as db:
        hashes = set(await db.scalars(select(RecoveryCode.code_hash)))
    assert {len(one) for one in hashes} == {64}
    assert not any(one in stored for one in (*codes, *letters) for stored in hashes)


async def test_new_recovery_codes_invalidate_the_old_ones(
    ada: Device, new_device: NewDevice, codes: list[str]
) -> None:
    renewed = (await ada.post("totp/recovery-codes")).json()["recovery_codes"]
    browser = new_device()
    challenge = (await first_step(browser))["challenge"]
    assert await second_step(browser, challenge, codes[0]) == (403, "wrong_code")
    assert await second_step(browser, challenge, renewed[0]) == (200, "")


async def test_links_and_resets_by_mail_require_the_second_step(
    ada: Device, new_device: NewDevice, codes: list[str], app_of_ada: App
) -> None:
    browser = new_device()
    await browser.post("magic-link", {"email": ada.email})
    proof = {"token": (await browser.mail()).token}
    step = (await browser.post("magic-link/sign-in", proof)).json()
    assert step["status"] == "second_step"
    assert await second_step(browser, step["challenge"], app_of_ada.next()) == (200, "")
    # A new password by mail does not get around it, and may be shorter.
    other = new_device()
    await other.post("password/recover", {"email": ada.email})
    proof = {"token": (await other.mail()).token, "new_password": SHORT}
    answer = await other.post("password/reset", proof)
    assert (answer.status_code, answer.json()["status"]) == (200, "second_step")
    assert other.token == ""


async def test_turning_the_second_step_off_requires_full_authentication(
    ada: Device, codes: list[str], app_of_ada: App, clock: Clock
) -> None:
    clock.move(current.FRESH + timedelta(seconds=1))
    answer = await ada.post("totp/turn-off")
    assert status_and_code(answer) == (403, "not_fresh")
    # The password alone does not confirm the sign-in.
    step = (await ada.sign_in()).json()
    assert step["status"] == "second_step"
    assert (await ada.post("totp/turn-off")).status_code == 403
    assert await second_step(ada, step["challenge"], app_of_ada.next()) == (200, "")
    assert (await ada.post("totp/turn-off")).status_code == 204
    assert (await ada.sign_in()).json()["status"] == "signed_in"
    assert "turned off" in (await ada.mail()).text


async def test_a_short_password_needs_the_second_step(ada: Device, codes: list[str]) -> None:
    assert (await ada.ask("GET", "auth/password")).json() == {"is_set": True, "shortest": 8}
    change = {"current_password": PASSWORD, "new_password": SHORT}
    assert (await ada.post("password/change", change)).status_code == 200
    answer = await ada.post("totp/turn-off")
    assert status_and_code(answer) == (409, "password_too_short")
    change = {"current_password": SHORT, "new_password": ANOTHER}
    assert (await ada.post("password/change", change)).status_code == 200
    assert (await ada.post("totp/turn-off")).status_code == 204
    assert (await ada.ask("GET", "auth/password")).json()["shortest"] == 15


async def test_the_second_step_cannot_be_set_up_twice(ada: Device, codes: list[str]) -> None:
    answer = await ada.post("totp/set-up")
    assert status_and_code(answer) == (409, "already_on")


async def test_secrets_are_encrypted_and_follow_a_new_key(
    ada: Device, codes: list[str], app_of_ada: App, database: Database, app: FastAPI
) -> None:
    async def stored() -> str:
        async with database.reading() as db:
            return (await db.scalars(select(TotpSecret.secret))).one()

    before = await stored()
    assert app_of_ada.secret not in before
    services: Services = app.state.lifespan["accounts"]
    old = services.settings.secret_key
    new = SecretStr("5d0a8e36b9f17c24e8d35061fa7b92c4037ed8a1659c4fb2")

    def with_keys(*keys: SecretStr) -> Services:
        return replace(services, settings=services.settings.model_copy(update={"secret_key": keys}))

    assert store.unseal(with_keys(new), before) is None
    await store.encrypt_anew(with_keys(new, *old))
    assert store.unseal(with_keys(new), await stored()) == app_of_ada.secret

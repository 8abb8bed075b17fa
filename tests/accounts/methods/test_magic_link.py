"""Signing in with a mailed link."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from duplex.accounts import attempts, challenges, mailed
from duplex.accounts.challenges import Verified
from duplex.accounts.methods import magic_link
from duplex.accounts.methods.base import Method
from duplex.accounts.methods.magic_link import MagicLink
from duplex_dev.testing import on_every_database

from tests.accounts.conftest import Clock, NewDevice
from tests.accounts.people import SLUG, Device, status_and_code


@pytest.fixture
def methods() -> list[Method]:
    return [MagicLink()]


@pytest.fixture
async def ada(new_device: NewDevice) -> Device:
    """Ada's browser, where she has just made her account."""
    device = new_device()
    asked = await device.post("sign-up", {"email": device.email, "name": "Ada"})
    assert asked.status_code == 202
    done = await device.post("sign-up/confirm", {"token": (await device.mail()).token})
    assert done.status_code == 201
    return device


async def ask(device: Device) -> None:
    answer = await device.post("magic-link", {"email": device.email})
    assert (answer.status_code, answer.json()) == (202, {"expires_in": 600})


async def come_back(device: Device, **proof: str) -> tuple[int, str]:
    answer = await device.post("magic-link/sign-in", proof)
    return status_and_code(answer)


async def test_a_link_signs_in_the_browser_that_requested_it(
    ada: Device, new_device: NewDevice
) -> None:
    browser = new_device("ADA@example.org")
    await ask(browser)
    browser.email = ada.email
    mail = await browser.mail()
    assert mail.link.startswith("http://test/sign-in/confirm#token=")
    assert await come_back(browser, token=mail.token) == (200, "")
    assert await browser.who() == 200
    assert await come_back(browser, token=mail.token) == (410, "link_expired")


@on_every_database
async def test_a_link_used_twice_at_the_same_moment_works_once(
    ada: Device, new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = new_device()
    await ask(browser)
    mail = await browser.mail()
    both_verified = asyncio.Barrier(2)

    async def verify(*given: Any) -> Verified:
        verified = await mailed.verify(*given)
        await both_verified.wait()
        return verified

    monkeypatch.setattr(magic_link, "mailed", SimpleNamespace(**vars(mailed) | {"verify": verify}))
    answers = await asyncio.gather(
        come_back(browser, token=mail.token), come_back(browser, code=mail.code)
    )
    assert sorted(answers) == [(200, ""), (410, "link_expired")]


async def test_another_device_is_referred_to_the_code(ada: Device, new_device: NewDevice) -> None:
    browser, phone = new_device(), new_device()
    await ask(browser)
    mail = await browser.mail()
    assert await come_back(phone, token=mail.token) == (409, "other_browser")
    assert f"{SLUG}-refresh" not in phone.http.cookies
    assert await come_back(browser, code=mail.code) == (200, "")


async def test_a_mail_scanner_does_not_consume_the_link(ada: Device, new_device: NewDevice) -> None:
    browser, scanner = new_device(), new_device()
    await ask(browser)
    mail = await browser.mail()
    await scanner.http.get(mail.link)
    await scanner.http.head(mail.link)
    # Not even one that runs the page's script.
    for _ in range(3):
        assert (await come_back(scanner, token=mail.token))[0] == 409
    assert await come_back(browser, token=mail.token) == (200, "")


async def test_a_code_is_useless_without_the_browsers_token(
    ada: Device, new_device: NewDevice
) -> None:
    browser, thief = new_device(), new_device()
    await ask(browser)
    assert await come_back(thief, code=(await browser.mail()).code) == (410, "link_expired")


async def test_a_link_expires_within_minutes(
    ada: Device, new_device: NewDevice, clock: Clock
) -> None:
    browser = new_device()
    await ask(browser)
    clock.move(challenges.LIFETIME + timedelta(seconds=1))
    assert await come_back(browser, token=(await browser.mail()).token) == (410, "link_expired")


async def test_an_unknown_address_gets_the_same_response_and_another_mail(
    new_device: NewDevice,
) -> None:
    nobody = new_device("nobody@example.org")
    await ask(nobody)
    assert "there is no account" in (await nobody.mail()).text
    assert await come_back(nobody, code="2222-2222") == (403, "wrong_code")


async def test_mails_are_limited(ada: Device, new_device: NewDevice) -> None:
    browser = new_device("victim@example.org")
    for _ in range(attempts.MAIL.per_account.count):
        await ask(browser)
    answer = await browser.post("magic-link", {"email": browser.email})
    assert answer.status_code == 429


@pytest.mark.parametrize("proof", [{}, {"token": "a", "code": "b"}, {"token": ""}, {"code": 7}])
async def test_a_proof_is_a_token_or_a_code(ada: Device, proof: dict[str, str]) -> None:
    answer = await ada.post("magic-link/sign-in", proof)
    assert status_and_code(answer) == (422, "invalid_data")


@pytest.mark.parametrize("token", ["x", ".", "a.b", "\0.b", "x" * 200])
async def test_an_invalid_token_is_treated_as_an_expired_link(ada: Device, token: str) -> None:
    assert await come_back(ada, token=token) == (410, "link_expired")


async def test_a_mail_confirms_an_existing_sign_in(ada: Device) -> None:
    await ask(ada)
    assert await come_back(ada, token=(await ada.mail()).token) == (200, "")
    devices = (await ada.ask("GET", "auth/devices")).json()["devices"]
    assert [(device["is_this"], device["methods"]) for device in devices] == [(True, "mail")]

"""A new password by mail, with two tokens."""

from datetime import timedelta
from math import log2

import pytest
from duplex.accounts import challenges
from duplex.accounts.tables.challenges import Challenge
from duplex.web.database import Database
from sqlalchemy import select

from tests.accounts.conftest import Clock, NewDevice
from tests.accounts.people import ANOTHER, PASSWORD, SLUG, Device, User, status_and_code


async def recover(device: Device) -> None:
    answer = await device.post("password/recover", {"email": device.email})
    assert (answer.status_code, answer.json()) == (202, {"expires_in": 600})


async def reset(device: Device, *, password: str = ANOTHER, **proof: str) -> tuple[int, str]:
    answer = await device.post("password/reset", {**proof, "new_password": password})
    return status_and_code(answer)


async def test_a_forgotten_password_is_replaced(ada: Device, new_device: NewDevice) -> None:
    browser = new_device()
    await recover(browser)
    mail = await browser.mail()
    assert "new password" in mail.subject
    assert await reset(browser, token=mail.token) == (200, "")
    assert await browser.who() == 200
    # All other sign-ins have ended, and a mail says so.
    assert await ada.who() == 401
    assert any("password" in one.subject and "changed" in one.subject for one in await ada.mails())
    assert (await new_device().sign_in(PASSWORD)).status_code == 401
    assert (await new_device().sign_in(ANOTHER)).status_code == 200


async def test_a_mail_opened_in_another_browser_is_referred_to_the_code(
    ada: Device, new_device: NewDevice
) -> None:
    browser, phone = new_device(), new_device()
    await recover(browser)
    mail = await browser.mail()
    assert await reset(phone, token=mail.token) == (409, "other_browser")
    # That used nothing up: the code counts where it was asked for, in any case and spacing.
    typed = f" {mail.code.lower().replace('-', ' ')} "
    assert await reset(browser, code=typed) == (200, "")


async def test_a_link_works_once(ada: Device, new_device: NewDevice) -> None:
    browser = new_device()
    await recover(browser)
    mail = await browser.mail()
    kept = browser.http.cookies[f"{SLUG}-kept-recover"]
    assert await reset(browser, token=mail.token) == (200, "")
    browser.http.cookies.set(f"{SLUG}-kept-recover", kept, domain="test.local", path="/api/v1/auth")
    assert await reset(browser, token=mail.token) == (410, "link_expired")
    assert await reset(browser, code=mail.code) == (410, "link_expired")


async def test_a_link_expires(ada: Device, new_device: NewDevice, clock: Clock) -> None:
    browser = new_device()
    await recover(browser)
    mail = await browser.mail()
    clock.move(challenges.LIFETIME - timedelta(seconds=5))
    assert await reset(browser, token=f"{mail.token}x") == (410, "link_expired")
    clock.move(timedelta(seconds=6))
    assert await reset(browser, token=mail.token) == (410, "link_expired")
    assert await reset(browser, code=mail.code) == (410, "link_expired")


async def test_the_browsers_token_does_not_replace_the_mailed_one(
    ada: Device, new_device: NewDevice
) -> None:
    browser = new_device()
    await recover(browser)
    kept = browser.http.cookies[f"{SLUG}-kept-recover"]
    assert await reset(browser, token=kept) == (410, "link_expired")
    assert kept.partition(".")[0] == (await browser.mail()).token.partition(".")[0]


async def test_tokens_of_two_different_challenges_do_not_match(
    ada: Device, new_device: NewDevice
) -> None:
    one, other = new_device(), new_device()
    await recover(one)
    mail = await one.mail()
    await recover(other)
    assert await reset(other, token=mail.token) == (409, "other_browser")
    assert await reset(other, code=mail.code) == (403, "wrong_code")
    assert await reset(one, token=mail.token) == (200, "")


async def test_mailed_codes_have_39_random_bits(ada: Device, new_device: NewDevice) -> None:
    codes: set[str] = set()
    for number in range(5):
        browser = new_device(address=f"198.51.100.{number}")
        await recover(browser)
        codes.add((await browser.mail()).code.replace("-", ""))
    assert len(codes) == 5
    assert set("".join(codes)) <= set(challenges.CODE_ALPHABET)
    assert {len(code) * log2(len(challenges.CODE_ALPHABET)) // 1 for code in codes} == {39}


async def test_codes_cannot_be_guessed(ada: Device, new_device: NewDevice) -> None:
    browser = new_device()
    await recover(browser)
    mail = await browser.mail()
    for _ in range(challenges.MOST_WRONG):
        assert await reset(browser, code="2222-2222") == (403, "wrong_code")
    assert await reset(browser, code=mail.code) == (410, "link_expired")


async def test_a_token_is_valid_only_for_its_purpose(ada: Device, new_device: NewDevice) -> None:
    browser = new_device()
    await recover(browser)
    mail = await browser.mail()
    kept = browser.http.cookies[f"{SLUG}-kept-recover"]
    browser.http.cookies.set(f"{SLUG}-kept-sign-up", kept, domain="test.local", path="/api/v1/auth")
    answer = await browser.post("sign-up/confirm", {"token": mail.token})
    assert status_and_code(answer) == (410, "link_expired")


async def test_a_refused_password_does_not_consume_the_link(
    ada: Device, new_device: NewDevice
) -> None:
    browser = new_device()
    await recover(browser)
    mail = await browser.mail()
    assert await reset(browser, token=mail.token, password="too short") == (422, "weak_password")
    assert await reset(browser, token=mail.token) == (200, "")


@pytest.mark.parametrize("kind", ["unknown", "inactive"])
async def test_no_response_reveals_whether_an_account_exists(
    ada: Device, new_device: NewDevice, database: Database, kind: str
) -> None:
    browser = new_device("nobody@example.org" if kind == "unknown" else ada.email)
    if kind == "inactive":
        async with database.transaction() as db:
            (user,) = await db.scalars(select(User))
            user.is_active = False
    await recover(browser)
    assert len(browser.http.cookies) == 1
    said = "there is no account" if kind == "unknown" else "was deactivated"
    assert said in (await browser.mail()).text
    assert await reset(browser, code="2222-2222") == (403, "wrong_code")


async def test_only_hashes_of_the_tokens_are_stored(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    browser = new_device()
    await recover(browser)
    mail = await browser.mail()
    async with database.reading() as db:
        (stored,) = await db.scalars(select(Challenge))
    columns = {str(getattr(stored, column.key)) for column in Challenge.__table__.columns}
    for secret in (mail.token, browser.http.cookies[f"{SLUG}-kept-recover"]):
        assert not any(secret.partition(".")[2] in column for column in columns)
    assert not any(mail.code.replace("-", "") in column for column in columns)


async def test_changing_the_password_withdraws_links_that_were_mailed(
    ada: Device, new_device: NewDevice
) -> None:
    browser = new_device()
    await recover(browser)
    mail = await browser.mail()
    await ada.post("password/change", {"current_password": PASSWORD, "new_password": ANOTHER})
    assert await reset(browser, token=mail.token) == (410, "link_expired")

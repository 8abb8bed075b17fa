"""Guessing is limited, and no user can be locked out by another one."""

import asyncio

import pytest
from duplex import Rate
from duplex.accounts import attempts
from duplex.accounts.attempts import GUESS, SITE
from duplex.accounts.tables.records import SignInEvent
from duplex.web.database import Database, now
from duplex_dev.testing import on_every_database
from sqlalchemy import select

from tests.accounts.conftest import NewDevice
from tests.accounts.people import Device, status_and_code

WRONG = "a wrong password"


async def test_guessing_is_limited_for_an_account(ada: Device, new_device: NewDevice) -> None:
    guesser = new_device()
    for _ in range(GUESS.per_account.count):
        assert (await guesser.sign_in(WRONG)).status_code == 401
    refused = await guesser.sign_in()
    assert status_and_code(refused) == (429, "too_many")
    assert 0 < int(refused.headers["retry-after"]) <= GUESS.per_account.seconds
    assert (await new_device("bob@example.org").sign_in()).status_code == 401


@on_every_database
async def test_attempts_at_the_same_moment_are_all_counted(
    ada: Device, new_device: NewDevice
) -> None:
    guessers = [new_device() for _ in range(GUESS.per_account.count + 4)]
    answers = await asyncio.gather(*(guesser.sign_in(WRONG) for guesser in guessers))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [401] * GUESS.per_account.count + [429] * 4


async def test_guessing_is_limited_for_an_address(
    new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = attempts.Limits(GUESS.per_account, Rate(3, 300), GUESS.free)
    monkeypatch.setattr(attempts, "GUESS", few)
    for number in range(3):
        assert (await new_device(f"{number}@example.org").sign_in()).status_code == 401
    assert (await new_device("other@example.org").sign_in()).status_code == 429


async def test_an_ipv6_64_network_counts_as_one_address(
    ada: Device, new_device: NewDevice, patient: list[float]
) -> None:
    async def guess(host: str) -> int:
        return (await new_device(address=host).sign_in(WRONG)).status_code

    for number in range(GUESS.per_account.count):
        assert await guess(f"2001:db8::{number:x}") == 401
    assert await guess("2001:db8::ffff") == 429
    assert await guess("2001:db8:0:1::1") == 401


async def test_an_ipv6_48_network_has_a_limit_of_its_own(
    new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = attempts.Limits(GUESS.per_account, Rate(2, 300), GUESS.free)
    monkeypatch.setattr(attempts, "GUESS", few)

    async def guess(number: int, site: str) -> int:
        device = new_device(f"{number}@example.org", f"2001:db8:{site}:{number:x}::1")
        return (await device.sign_in()).status_code

    for number in range(2 * SITE):
        assert await guess(number, "1") == 401
    assert await guess(100, "1") == 429
    assert await guess(100, "2") == 401


async def test_guesses_at_one_account_from_everywhere_are_slowed(
    ada: Device, new_device: NewDevice, patient: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The time that the guesses themselves take would shorten the waits.
    moment = now()
    monkeypatch.setattr(attempts, "now", lambda: moment)

    async def guess(number: int) -> int:
        return (await new_device(address=f"198.51.{number}.1").sign_in(WRONG)).status_code

    at_once = GUESS.free.count
    waiting = int(attempts.PATIENCE / GUESS.turn) + 1
    refused = 10
    guesses = range(at_once + waiting + refused)
    codes = await asyncio.gather(*(guess(number) for number in guesses))
    assert codes.count(401) == at_once + waiting
    assert codes.count(429) == refused
    # The others had their turns one after the other.
    assert sorted(patient) == [0, 5, 10]


async def test_guesses_of_others_do_not_lock_a_user_out(
    ada: Device, new_device: NewDevice, patient: list[float]
) -> None:
    for number in range(GUESS.free.count + 3):
        await new_device(address=f"198.51.{number}.1").sign_in(WRONG)
    ada.token = ""
    assert (await ada.sign_in()).status_code == 200
    # Another browser at an address where the account was used does not wait either.
    waited = len(patient)
    assert (await new_device().sign_in()).status_code == 200
    assert len(patient) == waited


async def test_a_new_device_of_the_owner_is_only_delayed(
    ada: Device, new_device: NewDevice, monkeypatch: pytest.MonkeyPatch, patient: list[float]
) -> None:
    for number in range(GUESS.free.count + 1):
        await new_device(address=f"198.51.{number}.1").sign_in(WRONG)
    patient.clear()
    assert (await new_device(address="203.0.113.9").sign_in()).status_code == 200
    assert patient == [pytest.approx(GUESS.turn.total_seconds(), abs=2.0)]


async def test_a_known_browser_is_not_limited_by_others_on_its_address(
    ada: Device, new_device: NewDevice
) -> None:
    neighbour = new_device()
    for _ in range(GUESS.per_account.count + 1):
        await neighbour.sign_in(WRONG)
    ada.token = ""
    assert (await ada.sign_in()).status_code == 200


async def test_an_account_that_does_not_exist_is_limited_like_any_other(
    new_device: NewDevice, patient: list[float]
) -> None:
    codes = [
        (await new_device("nobody@example.org", f"198.51.{number}.1").sign_in()).status_code
        for number in range(GUESS.free.count + 5)
    ]
    assert codes == [401] * (GUESS.free.count + 3) + [429] * 2


async def test_signing_in_resets_the_count(ada: Device) -> None:
    for _ in range(2):
        for _ in range(GUESS.per_account.count - 1):
            assert (await ada.sign_in(WRONG)).status_code == 401
        assert (await ada.sign_in()).status_code == 200


async def test_a_limit_is_logged_once(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    guesser = new_device()
    for _ in range(GUESS.per_account.count + 3):
        await guesser.sign_in(WRONG)
    async with database.reading() as db:
        kinds = list(await db.scalars(select(SignInEvent.kind)))
    assert kinds.count("refused") == GUESS.per_account.count
    assert kinds.count("limited") == 1


async def test_mails_to_one_address_are_limited(ada: Device, new_device: NewDevice) -> None:
    other = new_device("victim@example.org")
    for _ in range(attempts.MAIL.per_account.count):
        assert (await other.ask_for_account()).status_code == 202
    assert (await other.ask_for_account()).status_code == 429
    assert (await other.post("password/recover", {"email": other.email})).status_code == 429


async def test_guesses_at_a_second_step_are_slowed_more() -> None:
    # Three codes of a million are right at a time: a day of guessing must not find one.
    a_day = attempts.SECOND.free.count * 24 + 86400 / attempts.SECOND.turn.total_seconds()
    assert a_day * 3 / 10**6 < 0.01

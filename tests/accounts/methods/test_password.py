"""Signing up and in with a password."""

import asyncio
from datetime import timedelta
from typing import Literal

import httpx
import pytest
from argon2 import PasswordHasher
from duplex import Rate
from duplex.accounts import attempts
from duplex.accounts.methods.password.hashing import verify_password
from duplex.accounts.tables.credentials import Password
from duplex.web.database import Database
from duplex_dev.testing import new_client, on_every_database
from fastapi import FastAPI
from sqlalchemy import select

from tests.accounts.conftest import NewDevice
from tests.accounts.people import ANOTHER, PASSWORD, SLUG, Device, User, status_and_code

WRONG = "a wrong password"
HASHER = "duplex.accounts.methods.password.hashing._hasher"


async def stored_hash(database: Database) -> str:
    async with database.reading() as db:
        return await db.scalar(select(Password.hash)) or ""


async def test_signing_up_signs_in_once_the_address_is_confirmed(new_device: NewDevice) -> None:
    device = new_device(" Ada@Example.ORG")
    asked = await device.ask_for_account()
    assert (asked.status_code, asked.json()) == (202, {"expires_in": 600})
    device.email = "ada@example.org"
    response = await device.post("sign-up/confirm", {"token": (await device.mail()).token})
    assert response.status_code == 201
    body = response.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 600)
    assert body["user"]["email"] == "ada@example.org"
    assert (body["user"]["email_verified"], body["user"]["is_admin"]) == (True, False)
    assert "password" not in response.text
    assert await device.who() == 200
    assert (await device.sign_in()).status_code == 200


async def test_scripts_and_other_sites_cannot_read_the_refresh_token(
    new_device: NewDevice,
) -> None:
    response = await new_device().sign_up()
    cookies = {
        cookie.partition("=")[0]: cookie for cookie in response.headers.get_list("set-cookie")
    }
    refresh = cookies[f"{SLUG}-refresh"]
    assert refresh.split(";")[0].partition("=")[2] not in response.text
    for attribute in ("HttpOnly", "SameSite=strict", "Path=/api/v1/auth"):
        assert attribute in refresh
    assert "Secure" not in refresh
    assert "Max-Age=1209600" in refresh


async def test_signing_in(ada: Device, new_device: NewDevice) -> None:
    device = new_device("ADA@example.org")
    assert (await device.sign_in()).status_code == 200
    assert await device.who() == 200
    assert device.profile == ada.profile


async def test_no_response_reveals_whether_an_account_exists(
    ada: Device, new_device: NewDevice
) -> None:
    wrong = await new_device().sign_in(WRONG)
    unknown = await new_device("nobody@example.org").sign_in()
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


async def test_signing_up_with_a_taken_address_gets_the_same_response_and_another_mail(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    device, fresh = new_device("ADA@example.org"), new_device("new@example.org")
    taken, free = await device.ask_for_account(ANOTHER), await fresh.ask_for_account()
    assert (taken.status_code, taken.json()) == (free.status_code, free.json())
    assert [cookie.name for cookie in device.http.cookies.jar] == [
        cookie.name for cookie in fresh.http.cookies.jar
    ]
    mail = await ada.mail()
    assert "You have one already." in mail.text
    assert "#token" not in mail.text
    # The cookies of such a sign-up are useless, and the answer is that of a wrong code.
    wrong = await device.post("sign-up/confirm", {"code": "ABCD-EFGH"})
    also_wrong = await fresh.post("sign-up/confirm", {"code": "ABCD-EFGH"})
    assert (wrong.status_code, wrong.json()) == (also_wrong.status_code, also_wrong.json())
    assert wrong.status_code == 403
    async with database.reading() as db:
        assert len((await db.scalars(select(User))).all()) == 1
    assert (await new_device().sign_in()).status_code == 200


async def test_the_first_confirmed_of_two_sign_ups_with_one_address_wins(
    new_device: NewDevice,
) -> None:
    first, second = new_device(), new_device()
    await first.ask_for_account()
    mailed_first = await first.mail()
    await second.ask_for_account(ANOTHER)
    mailed_second = await second.mail()
    assert (await second.post("sign-up/confirm", {"token": mailed_second.token})).is_success
    late = await first.post("sign-up/confirm", {"token": mailed_first.token})
    assert status_and_code(late) == (410, "link_expired")
    assert (await new_device().sign_in()).status_code == 401
    assert (await new_device().sign_in(ANOTHER)).status_code == 200


async def test_an_unknown_account_costs_as_much_as_a_wrong_password(
    ada: Device, new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            verified.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(HASHER, Counting(1, 8, 1))
    await new_device().sign_in(WRONG)
    await new_device("nobody@example.org").sign_in()
    assert len(verified) == 2
    assert len({text.rsplit("$", 2)[0] for text in verified}) == 1


async def test_signing_up_hashes_the_password_whether_the_address_is_taken_or_not(
    ada: Device, new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str | bytes] = []

    class Counting(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            hashed.append(password)
            return super().hash(password, salt=salt)

    monkeypatch.setattr(HASHER, Counting(1, 8, 1))
    await new_device().ask_for_account()
    await new_device("new@example.org").ask_for_account()
    assert len(hashed) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "not an address"}, "body.email"),
        ({"email": "a@b@c.org"}, "body.email"),
        ({"name": "   "}, "body.name"),
        ({"name": "x" * 81}, "body.name"),
        ({"password": ""}, "body.password"),
        ({"password": "x" * 257}, "body.password"),
    ],
)
async def test_bad_details_are_explained(
    client: httpx.AsyncClient, change: dict[str, str], field: str
) -> None:
    good = {"email": "ada@example.org", "name": "Ada", "password": PASSWORD}
    response = await client.post("/api/v1/auth/password/sign-up", json=good | change)
    assert status_and_code(response) == (422, "invalid_data")
    assert [detail["field"] for detail in response.json()["details"]] == [field]


@pytest.mark.parametrize("path", ["sign-in", "sign-up"])
async def test_a_password_with_an_invalid_character_is_refused(
    client: httpx.AsyncClient, path: str
) -> None:
    body = b'{"email": "ada@example.org", "name": "Ada", "password": "\\ud800 and more of it"}'
    headers = {"Content-Type": "application/json"}
    response = await client.post(f"/api/v1/auth/password/{path}", content=body, headers=headers)
    assert status_and_code(response) == (422, "invalid_data")
    assert "and more of it" not in response.text


async def test_a_password_is_not_repeated_in_an_error(client: httpx.AsyncClient) -> None:
    body = {"email": "ada@example.org", "name": "Ada", "password": "hush-hush"}
    assert "hush" not in (await client.post("/api/v1/auth/password/sign-up", json=body)).text


async def test_passwords_are_stored_as_argon2id(ada: Device, database: Database) -> None:
    stored = await stored_hash(database)
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
    assert await verify_password(stored, PASSWORD)


async def test_unicode_spellings_of_a_password_are_equivalent(new_device: NewDevice) -> None:
    device = new_device()
    await device.sign_up("correct h\N{LATIN SMALL LETTER O WITH DIAERESIS}rse battery")
    assert (await new_device().sign_in("correct ho\N{COMBINING DIAERESIS}rse battery")).is_success


async def test_a_weak_hash_is_renewed_at_the_next_sign_in(
    ada: Device, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await stored_hash(database)
    monkeypatch.setattr(HASHER, PasswordHasher(2, 8, 1))
    assert (await ada.sign_in()).status_code == 200
    after = await stored_hash(database)
    assert after != before
    assert "t=2" in after
    assert (await ada.sign_in()).status_code == 200


async def test_changing_the_password_signs_out_all_other_devices(
    ada: Device, new_device: NewDevice
) -> None:
    other = new_device()
    await other.sign_in()
    stolen = ada.token
    new = {"current_password": PASSWORD, "new_password": ANOTHER}
    assert (await ada.post("password/change", new)).status_code == 200
    assert ada.token != stolen
    assert await ada.who() == 200
    assert (await ada.post("refresh")).status_code == 200
    assert await other.who() == 401
    assert (await other.post("refresh")).status_code == 401
    assert (await other.sign_in()).status_code == 401
    assert (await other.sign_in(ANOTHER)).status_code == 200
    assert any("was changed" in mail.subject for mail in await ada.mails())


async def test_a_password_does_not_expire(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    async with database.transaction() as db:
        (stored,) = await db.scalars(select(Password))
        stored.changed_at -= timedelta(days=10_000)
    assert (await new_device().sign_in()).status_code == 200


async def test_tries_of_new_passwords_are_limited(
    new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Estimating the strength of a password costs the process milliseconds."""
    few = attempts.Limits(attempts.GUESS.per_account, Rate(3, 300), attempts.GUESS.free)
    monkeypatch.setattr(attempts, "GUESS", few)
    browser = new_device()
    answers = [(await browser.ask_for_account("password1234567")).status_code for _ in range(4)]
    assert answers == [422] * 3 + [429]


@pytest.mark.parametrize("current", [{"current_password": WRONG}, {}])
async def test_changing_the_password_needs_the_current_one(
    ada: Device, current: dict[str, str]
) -> None:
    response = await ada.post("password/change", {"new_password": ANOTHER, **current})
    assert status_and_code(response) == (403, "wrong_password")
    assert (await ada.sign_in()).status_code == 200


async def test_guesses_at_the_current_password_are_limited(ada: Device) -> None:
    body = {"current_password": WRONG, "new_password": ANOTHER}
    for _ in range(attempts.GUESS.per_account.count):
        assert (await ada.post("password/change", body)).status_code == 403
    assert (await ada.post("password/change", body)).status_code == 429


@on_every_database
async def test_only_one_of_two_simultaneous_changes_succeeds(
    ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_checked = asyncio.Barrier(2)

    async def verify(stored: str | None, password: str) -> bool:
        right = await verify_password(stored, password)
        await both_checked.wait()
        return right

    monkeypatch.setattr("duplex.accounts.methods.password.routes.verify_password", verify)
    first, second = await asyncio.gather(
        *(
            ada.post("password/change", {"current_password": PASSWORD, "new_password": new})
            for new in (ANOTHER, "a third horse battery")
        )
    )
    assert sorted((first.status_code, second.status_code)) == [200, 403]
    # The browser is signed in with the one that counts.
    assert (await ada.post("refresh")).status_code == 200


@on_every_database
async def test_the_old_password_cannot_sign_in_while_it_is_changed(
    ada: Device, new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = {"current_password": PASSWORD, "new_password": ANOTHER}
    place = "duplex.accounts.methods.password.routes.verify_password"

    async def slow(stored: str | None, password: str) -> bool:
        right = await verify_password(stored, password)
        monkeypatch.setattr(place, verify_password)
        assert (await ada.post("password/change", new)).status_code == 200
        return right

    monkeypatch.setattr(place, slow)
    assert (await new_device().sign_in()).status_code == 401


async def test_another_site_cannot_sign_a_user_in(app: FastAPI, ada: Device) -> None:
    async with new_client(app) as client:
        response = await client.post(
            "/api/v1/auth/password/sign-in",
            json={"email": ada.email, "password": PASSWORD},
            headers={"Origin": "https://evil.example"},
        )
    assert response.status_code == 403
    assert "set-cookie" not in response.headers


async def test_a_program_without_a_browser_may_sign_in(app: FastAPI, ada: Device) -> None:
    async with new_client(app) as client:
        del client.headers["Origin"]
        body = {"email": ada.email, "password": PASSWORD}
        assert (await client.post("/api/v1/auth/password/sign-in", json=body)).status_code == 200

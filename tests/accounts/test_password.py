import asyncio
from typing import Literal, cast

import httpx
import pytest
from argon2 import PasswordHasher
from duplex.accounts import attempts
from duplex.accounts.hashing import verify_password
from duplex.accounts.users import User
from duplex.units import Rate
from duplex.web.database import Database
from duplex_dev.testing import new_client, on_every_database
from fastapi import FastAPI
from sqlalchemy import select

from tests.accounts.conftest import PASSWORD, Device, NewDevice


async def stored_hash(database: Database) -> str:
    async with database.reading() as db:
        return await db.scalar(select(User.password_hash)) or ""


async def test_signing_up_signs_in(new_device: NewDevice) -> None:
    device = new_device(" Ada@Example.ORG")
    response = await device.sign_up()
    assert response.status_code == 201
    body = response.json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 600
    assert body["user"]["email"] == "ada@example.org"
    assert body["user"]["is_admin"] is False
    assert "password" not in response.text
    assert await device.who() == 200


async def test_the_refresh_token_is_out_of_reach_for_scripts_and_other_sites(
    new_device: NewDevice,
) -> None:
    response = await new_device().sign_up()
    assert "refresh_token" not in response.text
    cookie = response.headers["set-cookie"]
    for attribute in ("HttpOnly", "SameSite=strict", "Path=/api/v1/auth", "Max-Age=1209600"):
        assert attribute in cookie
    assert "Secure" not in cookie


async def test_signing_in(ada: Device, new_device: NewDevice) -> None:
    device = new_device("ADA@example.org")
    assert (await device.sign_in()).status_code == 200
    assert await device.who() == 200
    assert device.profile == ada.profile


async def test_no_answer_tells_whether_an_account_exists(
    ada: Device, new_device: NewDevice
) -> None:
    wrong = await new_device().sign_in("wrong password")
    unknown = await new_device("nobody@example.org").sign_in()
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


async def test_an_unknown_account_costs_as_much_as_a_wrong_password(
    ada: Device, new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            verified.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr("duplex.accounts.hashing._hasher", Counting(1, 8, 1))
    await new_device().sign_in("wrong password")
    await new_device("nobody@example.org").sign_in()
    assert len(verified) == 2
    assert len({text.rsplit("$", 2)[0] for text in verified}) == 1


async def test_a_taken_address_is_refused_like_any_other_details(
    ada: Device, new_device: NewDevice
) -> None:
    response = await new_device("ADA@example.org").sign_up("another password")
    assert response.status_code == 422
    assert response.json()["code"] == "refused"
    assert "ada" not in response.text.lower()
    assert (await new_device().sign_in()).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "not an address"}, "body.email"),
        ({"email": "a@b@c.org"}, "body.email"),
        ({"name": "   "}, "body.name"),
        ({"name": "x" * 81}, "body.name"),
        ({"password": "too short"}, "body.password"),
        ({"password": "x" * 129}, "body.password"),
    ],
)
async def test_bad_details_are_explained(
    client: httpx.AsyncClient, change: dict[str, str], field: str
) -> None:
    good = {"email": "ada@example.org", "name": "Ada", "password": PASSWORD}
    response = await client.post("/api/v1/auth/sign-up", json=good | change)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_data")
    assert [detail["field"] for detail in response.json()["details"]] == [field]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "a..b@example.org"}, "Email: not an e-mail address."),
        ({"name": "A\0"}, "Name: control characters cannot be used."),
        ({"password": "too short"}, "Password: it needs 10 to 128 characters."),
        ({"password": " \t\N{NO-BREAK SPACE}" * 4}, "Password: it needs more than spaces."),
    ],
)
async def test_bad_details_are_explained_to_people(
    client: httpx.AsyncClient, change: dict[str, str], sentence: str
) -> None:
    good = {"email": "ada@example.org", "name": "Ada", "password": PASSWORD}
    response = await client.post("/api/v1/auth/sign-up", json=good | change)
    assert (response.status_code, response.json()["error"]) == (422, sentence)


@pytest.mark.parametrize("path", ["sign-in", "sign-up"])
async def test_half_a_character_is_no_password(client: httpx.AsyncClient, path: str) -> None:
    body = b'{"email": "ada@example.org", "name": "Ada", "password": "\\ud800 and more of it"}'
    headers = {"Content-Type": "application/json"}
    response = await client.post(f"/api/v1/auth/{path}", content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_data")
    assert "and more of it" not in response.text


async def test_a_password_is_not_repeated_in_an_error(client: httpx.AsyncClient) -> None:
    body = {"email": "ada@example.org", "name": "Ada", "password": "hush"}
    assert "hush" not in (await client.post("/api/v1/auth/sign-up", json=body)).text


async def test_passwords_are_stored_as_argon2id(ada: Device, database: Database) -> None:
    stored = await stored_hash(database)
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
    assert await verify_password(stored, PASSWORD)


async def test_a_weak_hash_is_renewed_at_the_next_sign_in(
    ada: Device, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await stored_hash(database)
    monkeypatch.setattr("duplex.accounts.hashing._hasher", PasswordHasher(2, 8, 1))
    assert (await ada.sign_in()).status_code == 200
    after = await stored_hash(database)
    assert after != before
    assert "t=2" in after
    assert (await ada.sign_in()).status_code == 200


async def test_guessing_is_limited_for_an_account(ada: Device, new_device: NewDevice) -> None:
    guesser = new_device()
    for _ in range(attempts.PER_ACCOUNT.count):
        assert (await guesser.sign_in("wrong password")).status_code == 401
    refused = await guesser.sign_in()
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= attempts.PER_ACCOUNT.seconds
    assert (await new_device("bob@example.org").sign_in()).status_code == 401


async def test_guessing_is_limited_for_an_address(
    new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "PER_ADDRESS", Rate(3, 300))
    for number in range(3):
        assert (await new_device(f"{number}@example.org").sign_in()).status_code == 401
    assert (await new_device("other@example.org").sign_in()).status_code == 429


async def test_one_customer_of_ipv6_is_one_address(ada: Device, new_device: NewDevice) -> None:
    async def guess(host: str) -> int:
        device = new_device()
        transport = cast("httpx.ASGITransport", device.http._transport)  # pyright: ignore[reportPrivateUsage]
        transport.client = (host, 4711)
        return (await device.sign_in("wrong password")).status_code

    for number in range(attempts.PER_ACCOUNT.count):
        assert await guess(f"2001:db8::{number:x}") == 401
    assert await guess("2001:db8::ffff") == 429
    assert await guess("2001:db8:0:1::1") == 401


async def test_signing_in_starts_the_count_again(ada: Device) -> None:
    for _ in range(2):
        for _ in range(attempts.PER_ACCOUNT.count - 1):
            assert (await ada.sign_in("wrong password")).status_code == 401
        assert (await ada.sign_in()).status_code == 200


async def test_changing_the_password_signs_out_all_other_devices(
    ada: Device, new_device: NewDevice
) -> None:
    other = new_device()
    await other.sign_in()
    stolen = ada.token
    response = await ada.post(
        "change-password", {"current_password": PASSWORD, "new_password": "another password"}
    )
    assert response.status_code == 200
    assert ada.token != stolen
    assert await ada.who() == 200
    assert (await ada.post("refresh")).status_code == 200
    assert await other.who() == 401
    assert (await other.post("refresh")).status_code == 401
    assert (await other.sign_in()).status_code == 401
    assert (await other.sign_in("another password")).status_code == 200


async def test_changing_the_password_needs_the_current_one(ada: Device) -> None:
    body = {"current_password": "wrong password", "new_password": "another password"}
    assert (await ada.post("change-password", body)).status_code == 403
    assert (await ada.sign_in()).status_code == 200


@on_every_database
async def test_of_two_changes_at_the_same_moment_one_counts(
    ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_checked = asyncio.Barrier(2)

    async def verify(stored: str | None, password: str) -> bool:
        right = await verify_password(stored, password)
        await both_checked.wait()
        return right

    monkeypatch.setattr("duplex.accounts.password.verify_password", verify)
    first, second = await asyncio.gather(
        *(
            ada.post("change-password", {"current_password": PASSWORD, "new_password": new})
            for new in ("another password", "a third password")
        )
    )
    assert sorted((first.status_code, second.status_code)) == [200, 403]
    # The browser is signed in with the one that counts.
    assert (await ada.post("refresh")).status_code == 200


@on_every_database
async def test_nobody_slips_in_with_the_old_password_while_it_is_changed(
    ada: Device, new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = {"current_password": PASSWORD, "new_password": "another password"}

    async def slow(stored: str | None, password: str) -> bool:
        right = await verify_password(stored, password)
        monkeypatch.setattr("duplex.accounts.password.verify_password", verify_password)
        assert (await ada.post("change-password", new)).status_code == 200
        return right

    monkeypatch.setattr("duplex.accounts.password.verify_password", slow)
    assert (await new_device().sign_in()).status_code == 401


async def test_another_site_cannot_sign_anybody_in(app: FastAPI, ada: Device) -> None:
    async with new_client(app) as client:
        response = await client.post(
            "/api/v1/auth/sign-in",
            json={"email": ada.email, "password": PASSWORD},
            headers={"Origin": "https://evil.example"},
        )
    assert response.status_code == 403
    assert "set-cookie" not in response.headers


async def test_a_program_without_a_browser_may_sign_in(app: FastAPI, ada: Device) -> None:
    async with new_client(app) as client:
        del client.headers["Origin"]
        body = {"email": ada.email, "password": PASSWORD}
        assert (await client.post("/api/v1/auth/sign-in", json=body)).status_code == 200

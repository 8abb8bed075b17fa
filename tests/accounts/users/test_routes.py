import asyncio
from typing import Any

import httpx
import pytest
from app.settings import Settings
from duplex.accounts import attempts
from duplex.accounts.current import Active, find_active
from duplex.accounts.users import User
from duplex.web.database import Database
from duplex_dev.testing import on_every_database

from tests.accounts.conftest import Device, NewDevice


async def ask(
    device: Device, method: str, path: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    return await device.http.request(
        method, f"/api/v1/users{path}", json=body, headers=device.authorization
    )


@pytest.fixture
async def admin(new_device: NewDevice, database: Database) -> Device:
    device = new_device("admin@example.org")
    await device.sign_up()
    async with database.transaction() as db:
        (await db.get_one(User, device.profile["id"])).is_admin = True
    return device


async def test_the_own_profile(ada: Device) -> None:
    profile = (await ask(ada, "GET", "/me")).json()
    assert profile == ada.profile
    assert set(profile) == {"id", "email", "name", "is_admin", "is_active", "created_at"}


async def test_nobody_has_no_profile(new_device: NewDevice) -> None:
    response = await ask(new_device(), "GET", "/me")
    assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")


async def test_changing_name_and_address(ada: Device) -> None:
    renamed = await ask(ada, "PATCH", "/me", {"name": " Countess "})
    assert (renamed.json()["name"], renamed.json()["email"]) == ("Countess", "ada@example.org")
    moved = await ask(ada, "PATCH", "/me", {"email": "Lovelace@Example.org"})
    assert (moved.json()["name"], moved.json()["email"]) == ("Countess", "lovelace@example.org")
    ada.email = "lovelace@example.org"
    assert (await ada.sign_in()).status_code == 200


@on_every_database
@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": "a\0b"}, {"email": "nonsense"}, {"email": "a\0@b.org"}, {"name": 7}],
)
async def test_a_bad_change_is_refused(ada: Device, body: dict[str, Any]) -> None:
    assert (await ask(ada, "PATCH", "/me", body)).status_code == 422
    assert (await ask(ada, "GET", "/me")).json() == ada.profile


async def test_nobody_makes_themselves_an_admin(ada: Device) -> None:
    await ask(ada, "PATCH", "/me", {"is_admin": True})
    assert (await ask(ada, "GET", "/me")).json()["is_admin"] is False
    assert (await ask(ada, "GET", "")).status_code == 403


async def test_a_taken_address_cannot_be_used_and_not_often_tried(
    ada: Device, new_device: NewDevice
) -> None:
    await new_device("bob@example.org").sign_up()
    for _ in range(attempts.PER_ACCOUNT.count):
        response = await ask(ada, "PATCH", "/me", {"email": "bob@example.org"})
        assert (response.status_code, response.json()["code"]) == (422, "refused")
    response = await ask(ada, "PATCH", "/me", {"email": "bob@example.org"})
    assert response.status_code == 429


async def test_an_admin_sees_everybody(admin: Device, ada: Device) -> None:
    page = (await ask(admin, "GET", "?limit=1&offset=1")).json()
    assert page["total"] == 2
    assert [user["email"] for user in page["users"]] == ["admin@example.org"]


async def test_deactivating_an_account_signs_it_out_everywhere(admin: Device, ada: Device) -> None:
    path = f"/{ada.profile['id']}"
    changed = await ask(admin, "PATCH", path, {"is_active": False})
    assert (changed.status_code, changed.json()["is_active"]) == (200, False)
    assert await ada.who() == 401
    assert (await ada.post("refresh")).status_code == 401
    assert (await ada.sign_in()).status_code == 401
    await ask(admin, "PATCH", path, {"is_active": True})
    assert (await ada.sign_in()).status_code == 200


async def test_an_admin_makes_admins_and_unmakes_them(admin: Device, ada: Device) -> None:
    path = f"/{ada.profile['id']}"
    assert (await ask(admin, "PATCH", path, {"is_admin": True})).json()["is_admin"] is True
    assert (await ask(ada, "GET", "")).status_code == 200
    await ask(admin, "PATCH", path, {"is_admin": False})
    assert (await ask(ada, "GET", "")).status_code == 401


async def test_admins_cannot_lock_themselves_out(admin: Device) -> None:
    response = await ask(admin, "PATCH", f"/{admin.profile['id']}", {"is_admin": False})
    assert response.status_code == 403
    assert (await ask(admin, "GET", "")).status_code == 200


@on_every_database
@pytest.mark.parametrize("user_id", ["nobody", "%00"])
async def test_an_unknown_account_is_not_found(admin: Device, user_id: str) -> None:
    assert (await ask(admin, "PATCH", f"/{user_id}", {"is_active": False})).status_code == 404


@on_every_database
async def test_behind_the_last_account_there_is_none(admin: Device) -> None:
    far = await ask(admin, "GET", f"?offset={2**31 - 1}")
    assert (far.status_code, far.json()["users"]) == (200, [])
    assert (await ask(admin, "GET", f"?offset={2**31}")).status_code == 422


async def test_others_change_nobody(ada: Device, admin: Device) -> None:
    response = await ask(ada, "PATCH", f"/{admin.profile['id']}", {"is_active": False})
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


@on_every_database
async def test_of_two_admins_who_take_the_role_from_each_other_one_keeps_it(
    admin: Device, ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_known = asyncio.Barrier(2)

    async def find(token: str | None, settings: Settings, database: Database) -> Active:
        active = await find_active(token, settings, database)
        await both_known.wait()
        return active

    await ask(admin, "PATCH", f"/{ada.profile['id']}", {"is_admin": True})
    with monkeypatch.context() as patch:
        patch.setattr("duplex.accounts.current.find_active", find)
        first, second = await asyncio.gather(
            ask(admin, "PATCH", f"/{ada.profile['id']}", {"is_admin": False}),
            ask(ada, "PATCH", f"/{admin.profile['id']}", {"is_admin": False}),
        )
    assert sorted((first.status_code, second.status_code)) == [200, 403]
    keeper = admin if first.status_code == 200 else ada
    assert (await ask(keeper, "GET", "")).status_code == 200

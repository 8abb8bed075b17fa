"""The accounts of others, for admins."""

import asyncio
from typing import Any

import httpx
import pytest
from duplex.accounts.methods.base import Method
from duplex.accounts.methods.magic_link import MagicLink
from duplex.accounts.methods.passkey import Passkeys
from duplex.accounts.methods.password import Password
from duplex.accounts.routes import invitations
from duplex.accounts.sign_in.current import Active, find_active
from duplex_dev.testing import on_every_database

from tests.accounts.conftest import Clock, NewDevice
from tests.accounts.people import ANOTHER, PASSWORD, Device, status_and_code


async def ask(
    device: Device, method: str, path: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    return await device.ask(method, f"users{path}", body)


@pytest.fixture
def methods() -> list[Method]:
    return [Password(), MagicLink(), Passkeys()]


async def test_the_own_profile(ada: Device) -> None:
    profile = (await ask(ada, "GET", "/me")).json()
    assert profile == ada.profile
    assert set(profile) == {
        "id",
        "email",
        "email_verified",
        "name",
        "is_admin",
        "is_active",
        "created_at",
    }


async def test_a_profile_needs_a_sign_in(new_device: NewDevice) -> None:
    response = await ask(new_device(), "GET", "/me")
    assert status_and_code(response) == (401, "not_signed_in")


async def test_changing_the_name(ada: Device) -> None:
    renamed = await ask(ada, "PATCH", "/me", {"name": " Countess "})
    assert (renamed.json()["name"], renamed.json()["email"]) == ("Countess", "ada@example.org")


@on_every_database
@pytest.mark.parametrize("body", [{"name": ""}, {"name": "a\0b"}, {"name": 7}])
async def test_a_bad_change_is_refused(ada: Device, body: dict[str, Any]) -> None:
    assert (await ask(ada, "PATCH", "/me", body)).status_code == 422
    assert (await ask(ada, "GET", "/me")).json() == ada.profile


async def test_users_cannot_make_themselves_admins(ada: Device) -> None:
    await ask(ada, "PATCH", "/me", {"is_admin": True, "email": "other@example.org"})
    assert (await ask(ada, "GET", "/me")).json() == ada.profile
    assert (await ask(ada, "GET", "")).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "users"),
        ("POST", "users"),
        ("POST", "users/{id}/invite"),
        ("POST", "users/{id}/sign-out"),
        ("PATCH", "users/{id}"),
        ("GET", "users/{id}/events"),
        ("GET", "audit"),
    ],
)
async def test_only_admins_reach_the_accounts_of_others(
    ada: Device, admin: Device, new_device: NewDevice, method: str, path: str
) -> None:
    body = {"email": "new@example.org", "name": "New", "is_active": False}
    place = path.format(id=admin.profile["id"])
    response = await ada.ask(method, place, body)
    assert status_and_code(response) == (403, "forbidden")
    assert (await new_device().ask(method, place, body)).status_code == 401


async def test_an_admin_lists_all_users_page_by_page(admin: Device, ada: Device) -> None:
    page = (await ask(admin, "GET", "?limit=1&offset=1")).json()
    assert page["total"] == 2
    assert [user["email"] for user in page["users"]] == ["admin@example.org"]


@on_every_database
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ADA", ["ada@example.org"]),
        ("example.org", ["ada@example.org", "admin@example.org"]),
        ("%", []),
        ("_", []),
        ("\0", []),
        (" ", ["ada@example.org", "admin@example.org"]),
    ],
)
async def test_an_admin_searches(admin: Device, ada: Device, search: str, found: list[str]) -> None:
    await ask(admin, "PATCH", "/me", {"name": "Boss"})
    response = await admin.http.get(
        "/api/v1/users", params={"search": search}, headers=admin.authorization
    )
    page = response.json()
    assert [user["email"] for user in page["users"]] == found
    assert page["total"] == len(found)


async def test_an_admin_invites_a_user(admin: Device, new_device: NewDevice) -> None:
    new = {"email": "Bob@Example.org", "name": "Bob"}
    made = await ask(admin, "POST", "", new)
    assert (made.status_code, made.json()["email"]) == (201, "bob@example.org")
    assert made.json()["email_verified"] is False
    bob = new_device("bob@example.org")
    mail = await bob.mail()
    # Isolated: a name in Arabic does not reorder the words around it.
    assert mail.subject == "\u2068Ada\u2069 invites you to Test Application"
    assert "<bdi>Ada</bdi> has made an account" in mail.html
    assert (await bob.post("invitation/accept", {"token": mail.token})).status_code == 200
    assert bob.profile["email_verified"] is True
    # Fresh from the invitation, the first password needs no current one.
    assert (await bob.post("password/change", {"new_password": PASSWORD})).status_code == 200
    assert (await new_device("bob@example.org").sign_in()).status_code == 200
    again = await new_device().post("invitation/accept", {"token": mail.token})
    assert status_and_code(again) == (410, "link_expired")


async def test_an_invitation_expires_and_can_be_sent_again(
    admin: Device, new_device: NewDevice, clock: Clock
) -> None:
    bob = new_device("bob@example.org")
    made = await ask(admin, "POST", "", {"email": bob.email, "name": "Bob"})
    first = await bob.mail()
    assert (await ask(admin, "POST", f"/{made.json()['id']}/invite")).status_code == 204
    second = await bob.mail()
    assert (await bob.post("invitation/accept", {"token": first.token})).status_code == 410
    clock.move(invitations.LIFETIME)
    assert (await bob.post("invitation/accept", {"token": second.token})).status_code == 410


async def test_an_account_without_an_invitation(admin: Device, new_device: NewDevice) -> None:
    bob = new_device("bob@example.org")
    await ask(admin, "POST", "", {"email": bob.email, "name": "Bob", "invite": False})
    assert await bob.mails() == []
    # The owner of the address gets in by mail.
    await bob.post("password/recover", {"email": bob.email})
    proof = {"token": (await bob.mail()).token, "new_password": ANOTHER}
    assert (await bob.post("password/reset", proof)).status_code == 200


async def test_an_address_has_one_account(admin: Device, ada: Device) -> None:
    response = await ask(admin, "POST", "", {"email": "ADA@example.org", "name": "Other"})
    assert status_and_code(response) == (409, "exists")


async def test_deactivating_an_account_signs_it_out_everywhere(admin: Device, ada: Device) -> None:
    path = f"/{ada.profile['id']}"
    changed = await ask(admin, "PATCH", path, {"is_active": False})
    assert (changed.status_code, changed.json()["is_active"]) == (200, False)
    assert await ada.who() == 401
    assert (await ada.post("refresh")).status_code == 401
    assert (await ada.sign_in()).status_code == 401
    await ask(admin, "PATCH", path, {"is_active": True})
    assert (await ada.sign_in()).status_code == 200


async def test_deactivating_an_account_withdraws_links_that_were_mailed(
    admin: Device, ada: Device
) -> None:
    await ada.post("password/recover", {"email": ada.email})
    mail = await ada.mail()
    path = f"/{ada.profile['id']}"
    await ask(admin, "PATCH", path, {"is_active": False})
    await ask(admin, "PATCH", path, {"is_active": True})
    proof = {"token": mail.token, "new_password": ANOTHER}
    assert (await ada.post("password/reset", proof)).status_code == 410


@pytest.mark.parametrize("path", ["password/recover", "magic-link", "passkeys/recover"])
async def test_the_owner_of_a_deactivated_account_gets_a_mail_that_says_so(
    admin: Device, ada: Device, path: str
) -> None:
    await ask(admin, "PATCH", f"/{ada.profile['id']}", {"is_active": False})
    nobody = await ada.post(path, {"email": "nobody@example.org"})
    asked = await ada.post(path, {"email": ada.email})
    assert (asked.status_code, asked.json()) == (nobody.status_code, nobody.json())
    mail = await ada.mail()
    assert mail.subject == "Your account at Test Application is deactivated"
    assert "#token" not in mail.text


async def test_signing_up_with_the_address_of_a_deactivated_account(
    admin: Device, ada: Device
) -> None:
    await ask(admin, "PATCH", f"/{ada.profile['id']}", {"is_active": False})
    assert (await ada.ask_for_account()).status_code == 202
    assert "deactivated by an administrator" in (await ada.mail()).text


async def test_an_admin_signs_a_user_out(admin: Device, ada: Device) -> None:
    assert (await ask(admin, "POST", f"/{ada.profile['id']}/sign-out")).status_code == 204
    assert await ada.who() == 401
    assert (await ada.sign_in()).status_code == 200


async def test_an_admin_adds_and_removes_admins(admin: Device, ada: Device) -> None:
    path = f"/{ada.profile['id']}"
    assert (await ask(admin, "PATCH", path, {"is_admin": True})).json()["is_admin"] is True
    assert (await ask(ada, "GET", "")).status_code == 200
    await ask(admin, "PATCH", path, {"is_admin": False})
    assert (await ask(ada, "GET", "")).status_code == 401


async def test_actions_of_admins_are_recorded(admin: Device, ada: Device) -> None:
    path = f"/{ada.profile['id']}"
    await ask(admin, "POST", "", {"email": "bob@example.org", "name": "Bob"})
    await ask(admin, "PATCH", path, {"is_admin": True})
    await ask(admin, "PATCH", path, {"is_admin": False, "is_active": False})
    await ask(admin, "PATCH", path, {"is_active": True})
    # A change that changes nothing is no action.
    await ask(admin, "PATCH", path, {"is_active": True})
    entries = (await admin.ask("GET", "audit")).json()["entries"]
    assert [(entry["action"], entry["subject"]) for entry in reversed(entries)] == [
        ("created", "bob@example.org"),
        ("invited", "bob@example.org"),
        ("made_admin", "ada@example.org"),
        ("admin_removed", "ada@example.org"),
        ("deactivated", "ada@example.org"),
        ("activated", "ada@example.org"),
    ]
    assert {entry["actor"] for entry in entries} == {"admin@example.org"}


async def test_an_admin_lists_the_events_of_an_account(admin: Device, ada: Device) -> None:
    await ada.sign_in("a wrong password")
    events = (await ask(admin, "GET", f"/{ada.profile['id']}/events")).json()["events"]
    assert [event["kind"] for event in events] == ["refused", "signed_in", "signed_up"]
    assert (await ask(ada, "GET", "/me/events")).json()["events"] == events
    assert (await ask(admin, "GET", "/%00/events")).json()["events"] == []


async def test_admins_cannot_lock_themselves_out(admin: Device) -> None:
    response = await ask(admin, "PATCH", f"/{admin.profile['id']}", {"is_admin": False})
    assert response.status_code == 403
    assert (await ask(admin, "GET", "")).status_code == 200


@on_every_database
@pytest.mark.parametrize("user_id", ["nobody", "%00"])
async def test_an_unknown_account_is_not_found(admin: Device, user_id: str) -> None:
    assert (await ask(admin, "PATCH", f"/{user_id}", {"is_active": False})).status_code == 404
    assert (await ask(admin, "POST", f"/{user_id}/invite")).status_code == 404
    assert (await ask(admin, "POST", f"/{user_id}/sign-out")).status_code == 404


@on_every_database
async def test_the_list_ends_after_the_last_account(admin: Device) -> None:
    far = await ask(admin, "GET", f"?offset={2**31 - 1}")
    assert (far.status_code, far.json()["users"]) == (200, [])
    assert (await ask(admin, "GET", f"?offset={2**31}")).status_code == 422


@on_every_database
async def test_two_admins_who_remove_each_other_leave_one_admin(
    admin: Device, ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_known = asyncio.Barrier(2)

    async def find(*given: Any) -> Active:
        active = await find_active(*given)
        await both_known.wait()
        return active

    await ask(admin, "PATCH", f"/{ada.profile['id']}", {"is_admin": True})
    with monkeypatch.context() as patch:
        patch.setattr("duplex.accounts.sign_in.current.find_active", find)
        first, second = await asyncio.gather(
            ask(admin, "PATCH", f"/{ada.profile['id']}", {"is_admin": False}),
            ask(ada, "PATCH", f"/{admin.profile['id']}", {"is_admin": False}),
        )
    assert sorted((first.status_code, second.status_code)) == [200, 403]
    keeper = admin if first.status_code == 200 else ada
    assert (await ask(keeper, "GET", "")).status_code == 200

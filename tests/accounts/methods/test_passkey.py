"""Passkeys, with an authenticator in software."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from duplex.accounts.methods.base import Method
from duplex.accounts.methods.passkey import Passkeys
from duplex.accounts.methods.passkey.ceremonies import LIFETIME, LONGEST_ID
from duplex.accounts.methods.passkey.keys import MOST
from duplex.accounts.sign_in import current
from duplex.accounts.tables.credentials import Passkey
from duplex.accounts.tables.records import SignInEvent
from duplex.mail import isolate
from duplex.web.database import Database
from duplex_dev.testing import on_every_database
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url

from tests.accounts.conftest import Clock, NewDevice
from tests.accounts.methods.authenticator import PRESENT, Authenticator
from tests.accounts.people import Device, User, status_and_code


@pytest.fixture
def methods() -> list[Method]:
    return [Passkeys()]


@pytest.fixture
async def ada(new_device: NewDevice) -> Device:
    """Ada's browser, where she has just made her account."""
    device = new_device()
    await device.post("sign-up", {"email": device.email, "name": "Ada"})
    done = await device.post("sign-up/confirm", {"token": (await device.mail()).token})
    assert done.status_code == 201
    return device


async def add(device: Device, authenticator: Authenticator, name: str = "Laptop") -> Any:
    begun = (await device.post("passkeys/options")).json()
    credential = authenticator.create(begun["options"])
    body = {"ceremony": begun["ceremony"], "credential": credential, "name": name}
    return await device.post("passkeys", body)


async def sign_in(device: Device, authenticator: Authenticator) -> tuple[int, str]:
    begun = (await device.post("passkeys/sign-in/options")).json()
    credential = authenticator.get(begun["options"])
    answer = await device.post(
        "passkeys/sign-in", {"ceremony": begun["ceremony"], "credential": credential}
    )
    return status_and_code(answer)


async def listed(device: Device) -> list[dict[str, Any]]:
    return (await device.ask("GET", "auth/passkeys")).json()["passkeys"]


async def test_a_passkey_signs_in_without_an_address(ada: Device, new_device: NewDevice) -> None:
    key = Authenticator()
    added = await add(ada, key, " My laptop ")
    assert (added.status_code, added.json()["name"]) == (201, "My laptop")
    assert "My laptop" in (await ada.mail()).text
    browser = new_device()
    assert await sign_in(browser, key) == (200, "")
    assert browser.profile["email"] == ada.email
    (item,) = await listed(browser)
    assert item["used_at"] is not None


async def test_the_options_ask_for_a_discoverable_verified_credential(ada: Device) -> None:
    options = (await ada.post("passkeys/options")).json()["options"]
    assert options["rp"] == {"name": "Test Application", "id": "test"}
    selection = options["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")
    assert options["attestation"] == "none"
    sign_in_options = (await ada.post("passkeys/sign-in/options")).json()["options"]
    assert sign_in_options["userVerification"] == "required"
    assert sign_in_options.get("allowCredentials", []) == []


async def test_several_passkeys_are_named_and_removed(ada: Device, new_device: NewDevice) -> None:
    laptop, phone = Authenticator(), Authenticator()
    await add(ada, laptop)
    await add(ada, phone, "Phone")
    first, second = await listed(ada)
    assert (first["name"], second["name"]) == ("Laptop", "Phone")
    renamed = await ada.ask("PATCH", f"auth/passkeys/{first['id']}", {"name": "Old laptop"})
    assert renamed.json()["name"] == "Old laptop"
    assert (await ada.ask("DELETE", f"auth/passkeys/{first['id']}")).status_code == 204
    assert f"was removed: {isolate('Old laptop')}" in (await ada.mail()).text
    assert await sign_in(new_device(), laptop) == (403, "wrong_passkey")
    assert await sign_in(new_device(), phone) == (200, "")
    assert (await ada.ask("DELETE", f"auth/passkeys/{first['id']}")).status_code == 404


async def test_passkeys_of_other_users_cannot_be_changed(
    ada: Device, new_device: NewDevice
) -> None:
    await add(ada, Authenticator())
    (item,) = await listed(ada)
    bob = new_device("bob@example.org")
    await bob.post("sign-up", {"email": bob.email, "name": "Bob"})
    await bob.post("sign-up/confirm", {"token": (await bob.mail()).token})
    for key in (item["id"], "%00"):
        assert (await bob.ask("DELETE", f"auth/passkeys/{key}")).status_code == 404
        renamed = await bob.ask("PATCH", f"auth/passkeys/{key}", {"name": "Mine"})
        assert renamed.status_code == 404
    assert len(await listed(ada)) == 1


async def test_a_passkey_cannot_be_added_twice(ada: Device) -> None:
    key = Authenticator()
    await add(ada, key)
    again = await add(ada, key)
    assert status_and_code(again) == (409, "exists")
    options = (await ada.post("passkeys/options")).json()["options"]
    (excluded,) = options["excludeCredentials"]
    assert set(excluded["transports"]) == {"hybrid", "internal"}


async def test_adding_and_removing_need_a_recent_sign_in(ada: Device, clock: Clock) -> None:
    key = Authenticator()
    await add(ada, key)
    (item,) = await listed(ada)
    clock.move(current.FRESH + timedelta(seconds=1))
    assert (await ada.post("passkeys/options")).json()["code"] == "not_fresh"
    removed = await ada.ask("DELETE", f"auth/passkeys/{item['id']}")
    assert status_and_code(removed) == (403, "not_fresh")
    # The passkey itself confirms the sign-in.
    assert await sign_in(ada, key) == (200, "")
    assert (await ada.post("passkeys/options")).status_code == 200


async def test_a_counter_that_decreases_reveals_a_copied_key(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    key = Authenticator(counter=5)
    await add(ada, key)
    assert await sign_in(new_device(), key) == (200, "")
    key.counter = 3
    assert await sign_in(new_device(), key) == (403, "wrong_passkey")
    async with database.reading() as db:
        refused = select(SignInEvent).where(SignInEvent.kind == "refused")
        (event,) = await db.scalars(refused)
        (stored,) = await db.scalars(select(Passkey))
    assert event.user_id == ada.profile["id"]
    assert "sign count" in event.detail
    assert stored.sign_count == 6


async def test_a_synced_passkey_has_no_counter(ada: Device, new_device: NewDevice) -> None:
    key = Authenticator()
    await add(ada, key)
    for _ in range(2):
        key.counter = -1
        assert await sign_in(new_device(), key) == (200, "")


@pytest.mark.parametrize(
    "change",
    [{"origin": "http://evil.example"}, {"flags": PRESENT}, {"flags": 0}],
    ids=["origin", "unverified", "absent"],
)
async def test_invalid_answers_of_an_authenticator_are_refused(
    ada: Device, new_device: NewDevice, change: dict[str, Any]
) -> None:
    good = Authenticator()
    await add(ada, good)
    bad = Authenticator(**change)
    assert (await add(ada, bad)).json()["code"] == "wrong_passkey"
    for name, value in change.items():
        setattr(good, name, value)
    assert await sign_in(new_device(), good) == (403, "wrong_passkey")


async def test_a_ceremony_works_once_and_expires(
    ada: Device, new_device: NewDevice, clock: Clock
) -> None:
    key, browser = Authenticator(), new_device()
    await add(ada, key)
    begun = (await browser.post("passkeys/sign-in/options")).json()
    body = {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    assert (await browser.post("passkeys/sign-in", body)).status_code == 200
    again = await new_device().post("passkeys/sign-in", body)
    assert status_and_code(again) == (410, "link_expired")
    begun = (await browser.post("passkeys/sign-in/options")).json()
    clock.move(LIFETIME + timedelta(seconds=1))
    body = {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    assert (await browser.post("passkeys/sign-in", body)).status_code == 410


async def test_a_refused_answer_consumes_the_ceremony(ada: Device, new_device: NewDevice) -> None:
    key, browser = Authenticator(), new_device()
    await add(ada, key)
    begun = (await browser.post("passkeys/sign-in/options")).json()
    stranger = {"ceremony": begun["ceremony"], "credential": Authenticator().get(begun["options"])}
    assert (await browser.post("passkeys/sign-in", stranger)).status_code == 403
    mine = {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    assert (await browser.post("passkeys/sign-in", mine)).status_code == 410


async def test_the_ceremony_of_adding_does_not_sign_in(ada: Device) -> None:
    key = Authenticator()
    await add(ada, key)
    begun = (await ada.post("passkeys/options")).json()
    options = {"challenge": begun["options"]["challenge"], "rpId": "test"}
    body = {"ceremony": begun["ceremony"], "credential": key.get(options)}
    answer = await ada.post("passkeys/sign-in", body)
    assert status_and_code(answer) == (403, "wrong_passkey")


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 7},
        {"id": "\0"},
        {"id": "x", "response": None},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": 1}},
    ],
)
async def test_nonsense_is_refused(ada: Device, credential: dict[str, Any]) -> None:
    begun = (await ada.post("passkeys/sign-in/options")).json()
    body = {"ceremony": begun["ceremony"], "credential": credential}
    assert (await ada.post("passkeys/sign-in", body)).status_code == 403
    begun = (await ada.post("passkeys/options")).json()
    body = {"ceremony": begun["ceremony"], "credential": credential, "name": "Key"}
    assert (await ada.post("passkeys", body)).status_code == 403


@on_every_database
async def test_invented_input_is_refused_and_logged_in_one_line(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    key = Authenticator()
    await add(ada, key)
    key.origin = "http://evil.example\0\nsigned_in user=admin"
    assert await sign_in(new_device(), key) == (403, "wrong_passkey")
    async with database.reading() as db:
        (event,) = await db.scalars(select(SignInEvent).where(SignInEvent.kind == "refused"))
    assert event.detail.isprintable()


@pytest.mark.parametrize("transports", [7, "usb", [7, None, "usb", "other"], None])
async def test_transports_are_only_a_hint(ada: Device, transports: object) -> None:
    begun = (await ada.post("passkeys/options")).json()
    credential = Authenticator().create(begun["options"])
    credential["response"]["transports"] = transports
    body = {"ceremony": begun["ceremony"], "credential": credential, "name": "Key"}
    assert (await ada.post("passkeys", body)).status_code in {201, 403}


async def test_an_id_that_is_too_long_is_refused(ada: Device) -> None:
    too_long = Authenticator(credential_id=bytes(LONGEST_ID + 1))
    assert (await add(ada, too_long)).json()["code"] == "wrong_passkey"
    longest = Authenticator(credential_id=bytes(LONGEST_ID))
    assert (await add(ada, longest)).status_code == 201


async def test_random_bytes_are_refused_as_a_passkey(ada: Device, new_device: NewDevice) -> None:
    key, chance = Authenticator(), Random(5)
    await add(ada, key)
    for part in ("clientDataJSON", "authenticatorData", "signature", "userHandle") * 2:
        browser = new_device(address=f"198.51.100.{chance.randrange(256)}")
        begun = (await browser.post("passkeys/sign-in/options")).json()
        credential = key.get(begun["options"])
        credential["response"][part] = bytes_to_base64url(chance.randbytes(chance.randrange(90)))
        body = {"ceremony": begun["ceremony"], "credential": credential}
        answer = await browser.post("passkeys/sign-in", body)
        assert answer.status_code == (200 if part == "userHandle" else 403), part
        begun = (await ada.post("passkeys/options")).json()
        credential = Authenticator().create(begun["options"])
        attestation = chance.randbytes(chance.randrange(200))
        credential["response"]["attestationObject"] = bytes_to_base64url(attestation)
        body = {"ceremony": begun["ceremony"], "credential": credential, "name": "Key"}
        answer = await ada.post("passkeys", body)
        assert answer.status_code == 403


async def test_a_deactivated_account_cannot_sign_in_with_its_passkey(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    key = Authenticator()
    await add(ada, key)
    async with database.transaction() as db:
        (user,) = await db.scalars(select(User))
        user.is_active = False
    assert await sign_in(new_device(), key) == (403, "wrong_passkey")


async def test_an_account_has_a_bounded_number_of_passkeys(ada: Device, database: Database) -> None:
    async with database.transaction() as db:
        for number in range(MOST):
            db.add(
                Passkey(
                    user_id=ada.profile["id"],
                    credential_id=f"AA{number:02}",
                    public_key=b"",
                    sign_count=0,
                    name="Key",
                )
            )
    answer = await add(ada, Authenticator())
    assert status_and_code(answer) == (409, "too_many")


async def test_a_lost_passkey_is_replaced_by_mail(ada: Device, new_device: NewDevice) -> None:
    browser = new_device()
    asked = await browser.post("passkeys/recover", {"email": ada.email})
    assert asked.status_code == 202
    mail = await browser.mail()
    elsewhere = await new_device().post("passkeys/recover/confirm", {"token": mail.token})
    assert elsewhere.status_code == 409
    done = await browser.post("passkeys/recover/confirm", {"code": mail.code})
    assert done.status_code == 200
    key = Authenticator()
    assert (await add(browser, key, "New")).status_code == 201
    assert await sign_in(new_device(), key) == (200, "")
    nobody = new_device("nobody@example.org")
    assert (await nobody.post("passkeys/recover", {"email": nobody.email})).status_code == 202
    assert "there is no account" in (await nobody.mail()).text

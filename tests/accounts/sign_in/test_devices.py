"""The list of signed-in devices, and notices of new ones."""

import pytest
from duplex.accounts.browser.names import browser_name

from tests.accounts.conftest import NewDevice
from tests.accounts.people import Device

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)


async def test_devices_are_listed_with_time_address_and_browser(
    ada: Device, new_device: NewDevice
) -> None:
    phone = new_device(address="203.0.113.7")
    phone.http.headers["User-Agent"] = SAFARI
    await phone.sign_in()
    devices = (await phone.ask("GET", "auth/devices")).json()["devices"]
    assert [device["is_this"] for device in devices] == [True, False]
    assert devices[0]["browser"] == "Safari on iPhone"
    assert devices[0]["address"] == "203.0.113.7"
    assert devices[0]["methods"] == "password"
    assert devices[0]["last_used_at"] > devices[1]["last_used_at"]


async def test_a_refresh_updates_the_device(ada: Device) -> None:
    ada.http.headers["User-Agent"] = FIREFOX
    await ada.post("refresh")
    (device,) = (await ada.ask("GET", "auth/devices")).json()["devices"]
    assert device["browser"] == "Firefox on Windows"


async def test_one_device_is_signed_out(ada: Device, new_device: NewDevice) -> None:
    other = new_device()
    await other.sign_in()
    devices = (await ada.ask("GET", "auth/devices")).json()["devices"]
    (elsewhere,) = [device["id"] for device in devices if not device["is_this"]]
    assert (await ada.ask("DELETE", f"auth/devices/{elsewhere}")).status_code == 204
    assert await other.who() == 401
    assert await ada.who() == 200
    assert len((await ada.ask("GET", "auth/devices")).json()["devices"]) == 1
    assert (await ada.ask("DELETE", f"auth/devices/{elsewhere}")).status_code == 404


@pytest.mark.parametrize("device_id", ["nothing", "%00"])
async def test_an_unknown_device_is_not_found(ada: Device, device_id: str) -> None:
    assert (await ada.ask("DELETE", f"auth/devices/{device_id}")).status_code == 404


async def test_users_cannot_sign_out_devices_of_others(ada: Device, new_device: NewDevice) -> None:
    bob = new_device("bob@example.org")
    await bob.sign_up()
    (device,) = (await ada.ask("GET", "auth/devices")).json()["devices"]
    assert (await bob.ask("DELETE", f"auth/devices/{device['id']}")).status_code == 404
    assert await ada.who() == 200


async def test_the_owner_is_notified_of_a_new_device_once(
    ada: Device, new_device: NewDevice
) -> None:
    def notices(subjects: list[str]) -> int:
        return sum("new device" in subject for subject in subjects)

    assert notices([mail.subject for mail in await ada.mails()]) == 0
    other = new_device(address="203.0.113.7")
    other.http.headers["User-Agent"] = FIREFOX
    await other.sign_in()
    mail = await ada.mail()
    assert "new device" in mail.subject
    assert "Firefox on Windows" in mail.text
    assert "203.0.113.7" in mail.html
    # The browser is recognised after it has signed out.
    await other.post("sign-out")
    other.token = ""
    await other.sign_in()
    assert notices([mail.subject for mail in await ada.mails()]) == 1


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/143.0 Safari/537.36 Edg/143.0", "Edge on Linux"),
        ("curl/8.5.0", "A program"),
        ("", "An unknown browser"),
    ],
)
def test_names_of_browsers(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name

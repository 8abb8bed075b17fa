"""Commands such as `poe talk --email` sign in to a server, with whatever methods it has."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from duplex.accounts.methods.base import Method
from duplex.accounts.methods.magic_link import MagicLink
from duplex.accounts.methods.passkey import Passkeys
from duplex.accounts.methods.password import Password
from duplex_dev import sign_in
from duplex_dev.console import TaskError
from duplex_dev.sign_in import PASSWORD, credentials, sign_up

from tests.accounts import people
from tests.accounts.conftest import NewDevice
from tests.accounts.people import Device

METHODS: dict[str, list[Method]] = {
    "password": [Password()],
    "both": [Password(), MagicLink()],
    "magic link": [MagicLink()],
    "passkey": [Passkeys()],
}


@pytest.fixture(params=METHODS)
def methods(request: pytest.FixtureRequest) -> list[Method]:
    return METHODS[request.param]


@pytest.fixture
def terminal(new_device: NewDevice, monkeypatch: pytest.MonkeyPatch) -> Device:
    """The command's client, which reaches the application without a network."""
    device = new_device()

    @asynccontextmanager
    async def client(url: str) -> AsyncGenerator[httpx.AsyncClient]:
        yield device.http

    monkeypatch.setattr(sign_in, "_client", client)
    monkeypatch.setenv(PASSWORD, people.PASSWORD)
    return device


async def make_account(device: Device, methods: list[Method]) -> None:
    path = "password/sign-up" if isinstance(methods[0], Password) else "sign-up"
    body = {"email": device.email, "name": "Ada", "password": people.PASSWORD}
    assert (await device.post(path, body)).status_code == 202
    proof = {"token": (await device.mail()).token}
    assert (await device.post("sign-up/confirm", proof)).status_code == 201


async def test_an_account_of_any_method_is_used(
    new_device: NewDevice, terminal: Device, methods: list[Method]
) -> None:
    await make_account(new_device(), methods)
    terminal.token = await credentials("http://test", terminal.email)
    assert await terminal.who() == 200


async def test_a_new_account_is_made_with_any_method(terminal: Device) -> None:
    terminal.token = await sign_up("http://test", "Load") or ""
    assert await terminal.who() == 200


@pytest.mark.parametrize("methods", ["magic link", "passkey"], indirect=True)
async def test_an_address_without_an_account_is_an_error(terminal: Device) -> None:
    with pytest.raises(TaskError, match=r"^The mail to ada@example\.org contains no link: No"):
        await credentials("http://test", terminal.email)


@pytest.mark.parametrize("methods", ["magic link"], indirect=True)
async def test_a_server_that_shows_no_mail_is_an_error(
    terminal: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "MAILBOX", "/api/v1/health")
    with pytest.raises(TaskError, match="shows no mail"):
        await credentials("http://test", terminal.email)

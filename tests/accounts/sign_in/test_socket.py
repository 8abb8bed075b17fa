"""Signing in as the session sees it, over a real WebSocket."""

from collections.abc import AsyncIterator

import httpx
import pytest
from duplex_dev.testing import PATIENCE, Client

from tests.accounts.people import ANOTHER, PASSWORD, SLUG, Device


@pytest.fixture
async def ada(server: str) -> AsyncIterator[Device]:
    """Ada's browser on the real server, where she has just signed up."""
    origin = f"http://{server}"
    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}) as client:
        device = Device(client, "ada@example.org")
        assert (await device.sign_up()).status_code == 201
        yield device


async def refused(server: str, **hello: str) -> tuple[str, str, int]:
    """The code and sentence of the error, and the close code, that a hello gets."""
    async with await Client.connect(f"http://{server}", patience=PATIENCE) as client:
        await client.send(dict(hello))
        error = await client.until("error")
        return error["code"], error["error"], await client.closed()


async def joined(server: str, token: str) -> Client:
    """A session that was opened with this access token."""
    return await Client.join(f"http://{server}", patience=PATIENCE, token=token)


async def test_a_token_opens_a_session(server: str, ada: Device) -> None:
    async with await joined(server, ada.token) as client:
        assert client.initialised["name"] == "Ada"


@pytest.mark.parametrize("hello", [{}, {"token": ""}, {"token": "nonsense"}])
async def test_a_session_needs_a_valid_token(server: str, hello: dict[str, str]) -> None:
    code, sentence, closed = await refused(server, **hello)
    assert (code, closed) == ("not_signed_in", 4401)
    assert "sign in" in sentence.lower()


async def test_signing_out_everywhere_closes_every_session(server: str, ada: Device) -> None:
    async with (
        await joined(server, ada.token) as first,
        await joined(server, ada.token) as second,
    ):
        await ada.post("sign-out-everywhere")
        assert await first.closed() == await second.closed() == 4401
    code, sentence, _ = await refused(server, token=ada.token)
    assert (code, sentence) == ("not_signed_in", "You were signed out. Please sign in again.")


async def test_signing_out_closes_the_sessions_of_this_sign_in_only(
    server: str, ada: Device
) -> None:
    first = ada.token
    # Another browser: without the first one's cookies and token.
    ada.http.cookies.clear()
    ada.token = ""
    await ada.sign_in()
    async with (
        await joined(server, first) as elsewhere,
        await joined(server, ada.token) as here,
    ):
        assert (await ada.post("sign-out")).status_code == 204
        assert await here.closed() == 4401
        assert await elsewhere.quiet() == []


async def test_a_copied_refresh_token_closes_the_sessions_of_its_sign_in(
    server: str, ada: Device
) -> None:
    copied = ada.cookie
    async with await joined(server, ada.token) as client:
        for _ in range(2):
            assert (await ada.post("refresh")).status_code == 200
        ada.http.cookies.clear()
        ada.http.cookies.set(f"{SLUG}-refresh", copied)
        assert (await ada.post("refresh")).status_code == 401
        assert await client.closed() == 4401


async def test_changing_the_password_closes_every_session(server: str, ada: Device) -> None:
    async with await joined(server, ada.token) as client:
        await ada.post("password/change", {"current_password": PASSWORD, "new_password": ANOTHER})
        assert await client.closed() == 4401
    async with await joined(server, ada.token) as client:
        assert client.initialised["name"] == "Ada"

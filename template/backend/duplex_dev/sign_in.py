"""Access tokens for the commands: of an existing account, or of a new one."""

import secrets
from typing import Any

import httpx

from duplex_dev.client import no_server
from duplex_dev.console import TaskError
from duplex_dev.machine.network import is_loopback

SIGN_IN = "/api/v1/auth/sign-in"
SIGN_UP = "/api/v1/auth/sign-up"
NO_SUCH_ROUTE = (404, 405)


async def sign_in(url: str, email: str, password: str) -> str:
    """An access token of this account. Raises TaskError with the server's message."""
    response = await _post(url, SIGN_IN, {"email": email, "password": password})
    if response.status_code in NO_SUCH_ROUTE:
        raise TaskError(f"The server at {url} has no sign-in with a password: omit --email.")
    return _access_token(response, "Signing in")


async def sign_up(url: str, name: str) -> str | None:
    """An access token of a new account; None where the application has no sign-in."""
    account = {
        "email": f"someone-{secrets.token_hex(4)}@example.com",
        "name": name,
        "password": secrets.token_urlsafe(24),
    }
    response = await _post(url, SIGN_UP, account)
    if response.status_code in NO_SUCH_ROUTE:
        return None
    return _access_token(response, "Creating an account")


async def _post(url: str, path: str, body: dict[str, str]) -> httpx.Response:
    # Requests to this machine never go through the proxy of the environment.
    remote = not is_loopback(url)
    try:
        async with httpx.AsyncClient(
            base_url=url, headers={"Origin": url}, trust_env=remote
        ) as http:
            return await http.post(path, json=body)
    except httpx.TransportError:
        raise TaskError(no_server(url)) from None


def _access_token(response: httpx.Response, action: str) -> str:
    try:
        body: dict[str, Any] = response.json()
    except ValueError:
        body = {}
    if response.is_error or "access_token" not in body:
        raise TaskError(str(body.get("error", f"{action} failed: status {response.status_code}.")))
    return str(body["access_token"])

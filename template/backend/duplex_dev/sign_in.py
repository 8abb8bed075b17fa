"""The account that a command uses: --url and --email, the password or a mail, and access tokens."""

import getpass
import os
import re
import secrets
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from duplex_dev.client import no_server
from duplex_dev.console import TaskError
from duplex_dev.machine.network import is_loopback

PASSWORD = "TALK_PASSWORD"
"""The environment variable with the password; without it the command asks."""


def check_url(url: str) -> str:
    """The server's address without a slash at its end; raises TaskError when it is none."""
    if not url.startswith(("http://", "https://")):
        raise TaskError(f"--url is {url!r}; expected http://… or https://…")
    return url.rstrip("/")


async def credentials(url: str, email: str | None) -> str:
    """An access token of this account; asks for missing credentials. Raises TaskError."""
    email = email or _ask_email()
    token = await sign_in_by_mail(url, email)
    if token is not None:
        return token
    password = os.environ.get(PASSWORD) or _ask_password(email)
    return await sign_in(url, email, password)


def _ask_email() -> str:
    if not sys.stdin.isatty():
        raise TaskError(
            "There is no terminal to ask for an account: give --email, and the password in"
            f" {PASSWORD}."
        )
    # On stderr, like the prompt for the password: stdout carries only the replies.
    print("E-mail: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _ask_password(email: str) -> str:
    if not sys.stdin.isatty():
        raise TaskError(
            f"There is no terminal to ask for the password of {email}: put it in {PASSWORD}."
        )
    return getpass.getpass(f"Password of {email}: ")


SIGN_IN = "/api/v1/auth/password/sign-in"
SIGN_UP = ("/api/v1/auth/password/sign-up", "/api/v1/auth/sign-up")
"""With or without a password, depending on the project's sign-in methods."""
BY_MAIL = {
    "/api/v1/auth/magic-link": "/api/v1/auth/magic-link/sign-in",
    "/api/v1/auth/passkeys/recover": "/api/v1/auth/passkeys/recover/confirm",
}
"""Requests for a mail -> requests that sign in with its token, in projects without passwords."""
CONFIRM = "/api/v1/auth/sign-up/confirm"
MAILBOX = "/dev/mailbox/mails"
NO_SUCH_ROUTE = (404, 405)


async def sign_in(url: str, email: str, password: str) -> str:
    """An access token of this account. Raises TaskError with the server's message."""
    async with _client(url) as http:
        response = await http.post(SIGN_IN, json={"email": email, "password": password})
    if response.status_code in NO_SUCH_ROUTE:
        raise TaskError(f"The server at {url} has no sign-in: omit --email.")
    return _access_token(response, "Signing in")


async def sign_in_by_mail(url: str, email: str) -> str | None:
    """An access token of this account, by way of a mail, which a server in development shows.

    None if the server has a sign-in with a password, or none by mail. Raises TaskError.
    """
    async with _client(url) as http:
        if (await http.post(SIGN_IN, json={})).status_code not in NO_SUCH_ROUTE:
            return None
        for ask, confirm in BY_MAIL.items():
            asked = await http.post(ask, json={"email": email})
            if asked.status_code not in NO_SUCH_ROUTE:
                _body(asked, "Signing in")
                proof = {"token": await _mailed_token(http, email)}
                return _access_token(await http.post(confirm, json=proof), "Signing in")
    return None


async def sign_up(url: str, name: str) -> str | None:
    """An access token of a new account on a server in development, whose mail is readable.

    None if the application has no sign-in. Raises TaskError.
    """
    email = f"someone-{secrets.token_hex(4)}@example.com"
    account = {"email": email, "name": name, "password": secrets.token_urlsafe(24)}
    async with _client(url) as http:
        for path in SIGN_UP:
            asked = await http.post(path, json=account)
            if asked.status_code not in NO_SUCH_ROUTE:
                break
        else:
            return None
        _body(asked, "Creating an account")
        confirmed = await http.post(CONFIRM, json={"token": await _mailed_token(http, email)})
    return _access_token(confirmed, "Creating an account")


async def _mailed_token(http: httpx.AsyncClient, email: str) -> str:
    """The token in the newest mail to this address. Raises TaskError."""
    mails = await http.get(MAILBOX, params={"to": email})
    try:
        newest: dict[str, str] = mails.json()[0]
        text, subject = newest["text"], newest["subject"]
    except (ValueError, LookupError, TypeError):
        raise TaskError("The server shows no mail: it does not run in development.") from None
    found = re.search(r"#token=(\S+)", text)
    if found is None:
        raise TaskError(f"The mail to {email} contains no link: {subject}.")
    return found[1]


@asynccontextmanager
async def _client(url: str) -> AsyncGenerator[httpx.AsyncClient]:
    # Requests to this machine never go through the proxy of the environment.
    remote = not is_loopback(url)
    try:
        async with httpx.AsyncClient(
            base_url=url, headers={"Origin": url}, trust_env=remote
        ) as http:
            yield http
    except httpx.TransportError:
        raise TaskError(no_server(url)) from None


def _access_token(response: httpx.Response, action: str) -> str:
    body = _body(response, action)
    if "access_token" not in body:
        raise TaskError("This account has a second step: sign in on the page.")
    return str(body["access_token"])


def _body(response: httpx.Response, action: str) -> dict[str, Any]:
    try:
        body: dict[str, Any] = response.json()
    except ValueError:
        body = {}
    if response.is_error or not body:
        raise TaskError(str(body.get("error", f"{action} failed: status {response.status_code}.")))
    return body

"""The server and the account that a command uses: --url and --email, and the password."""

import getpass
import os
import sys

from duplex_dev.console import TaskError
from duplex_dev.sign_in import sign_in

PASSWORD = "TALK_PASSWORD"
"""The environment variable with the password; without it the command asks."""


def check_url(url: str) -> str:
    """The server's address without a slash at its end; raises TaskError when it is none."""
    if not url.startswith(("http://", "https://")):
        raise TaskError(f"--url is {url!r}; expected http://… or https://…")
    return url.rstrip("/")


async def credentials(url: str, email: str | None) -> str:
    """An access token of this account; asks for what is not given. Raises TaskError."""
    email = email or _ask_email()
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

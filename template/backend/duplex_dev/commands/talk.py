"""`poe talk STATE '{"json": …}'`: one request to a running server from the terminal.

Every reply is printed as one line of JSON as it comes, a stream's replies until its last. With
--listen it goes on printing what happens in the session until Ctrl-C; then no STATE is needed.
"""

import argparse
import asyncio
import getpass
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from duplex_dev.client import Conversation, NeedsSignIn, sign_in
from duplex_dev.console import TaskError, complain
from duplex_dev.project import load_settings

PASSWORD = "TALK_PASSWORD"
"""The environment variable that is read before anybody is asked."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is said, where and to whom; `state` None only listens."""

    url: str
    state: str | None
    data: object
    session: str | None
    name: str
    email: str | None
    listen: bool


def main(arguments: list[str]) -> int:
    """Talk; returns 0, and raises TaskError with the server's sentence when it says no."""
    asyncio.run(talk(wish_of(arguments)))
    return 0


def wish_of(arguments: list[str]) -> Wish:
    """Read the options; raises TaskError for data that is not JSON."""
    parser = argparse.ArgumentParser(
        "poe talk", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("state", nargs="?", help="a state's name")
    parser.add_argument("data", nargs="?", default="{}", help="its data as JSON ({})")
    parser.add_argument("--url", help="the server (http://HOST:PORT of the settings)")
    parser.add_argument("--session", help="the session to join or create (a new private one)")
    parser.add_argument("--name", default="Terminal", help="what the others see (Terminal)")
    parser.add_argument("--listen", action="store_true", help="go on printing until Ctrl-C")
    parser.add_argument(
        "--email", help=f"sign in; the password is asked for, or read from {PASSWORD}"
    )
    given = parser.parse_args(arguments)
    if given.state is None and not given.listen:
        raise TaskError("Which state? `poe talk STATE '{…}'`, or --listen to only listen.")
    try:
        data: object = json.loads(given.data)
    except ValueError as error:
        raise TaskError(f"The data is not JSON: {error}. In a shell, put it in ' '.") from None
    url = check_url(given.url or own_url())
    return Wish(url, given.state, data, given.session, given.name, given.email, given.listen)


def check_url(url: str) -> str:
    """The server's address without a slash at its end; raises TaskError when it is none."""
    if not url.startswith(("http://", "https://")):
        raise TaskError(f"--url is {url!r}; expected http://… or https://…")
    return url.rstrip("/")


def own_url() -> str:
    """Where this project's server listens, as its settings say."""
    settings = load_settings()
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


async def talk(wish: Wish) -> None:
    """Open the session, signing in when the server wants it, and say what is to be said."""
    token = await credentials(wish.url, wish.email) if wish.email else None
    try:
        conversation = await Conversation.open(wish.url, token, wish.session, wish.name)
    except NeedsSignIn as error:
        if token is not None:
            raise TaskError(str(error)) from None
        complain(str(error))
        token = await credentials(wish.url, None)
        conversation = await Conversation.open(wish.url, token, wish.session, wish.name)
    async with conversation:
        if wish.listen:
            print_frame(conversation.initialised)
        if wish.state is not None:
            async for frame in conversation.ask(wish.state, wish.data):
                if wish.listen or "id" in frame:
                    print_frame(frame)
        if wish.listen:
            async for frame in conversation.listen():
                print_frame(frame)


def print_frame(frame: dict[str, Any]) -> None:
    """One line of JSON; the client's secret stays unprinted."""
    data = frame.get("data")
    if frame.get("state") == "initialised" and isinstance(data, dict):
        frame = {**frame, "data": {**data, "resume_token": "…"}}
    print(json.dumps(frame, ensure_ascii=False), flush=True)


async def credentials(url: str, email: str | None) -> str:
    """An access token of this account; what is not given is asked for. Raises TaskError."""
    email = email or _ask_email()
    password = os.environ.get(PASSWORD) or _ask_password(email)
    return await sign_in(url, email, password)


def _ask_email() -> str:
    if not sys.stdin.isatty():
        raise TaskError("Nobody can be asked here: give --email and the password in TALK_PASSWORD.")
    # On stderr, like the question for the password: stdout has the replies alone.
    print("E-mail: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _ask_password(email: str) -> str:
    if not sys.stdin.isatty():
        raise TaskError(f"Nobody can be asked here: put the password of {email} in {PASSWORD}.")
    return getpass.getpass(f"Password of {email}: ")

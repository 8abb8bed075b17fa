"""`poe talk STATE '{"json": …}'`: one request to a running server from the terminal.

Each reply is printed as one line of JSON when it arrives, those of a stream until the last. With
--listen the command prints everything that happens in the session until Ctrl-C; STATE is optional
then.
"""

import argparse
import asyncio
import json
from dataclasses import dataclass
from typing import Any

from duplex_dev.client import Client, NeedsSignIn
from duplex_dev.console import TaskError, complain
from duplex_dev.machine.network import url_of
from duplex_dev.project import load_settings
from duplex_dev.sign_in import PASSWORD, check_url, credentials


@dataclass(frozen=True, slots=True)
class Options:
    """The request, the server and the session; without a `state` the command only listens."""

    url: str
    state: str | None
    data: object
    session: str | None
    name: str
    email: str | None
    listen: bool


def main(arguments: list[str]) -> int:
    """Send and listen; returns 0. Raises TaskError with the server's message for an error."""
    asyncio.run(talk(options_of(arguments)))
    return 0


def options_of(arguments: list[str]) -> Options:
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
    return Options(url, given.state, data, given.session, given.name, given.email, given.listen)


def own_url() -> str:
    """The URL of this project's server, from its settings."""
    settings = load_settings()
    return url_of(settings.host, settings.port)


async def talk(options: Options) -> None:
    """Open the session, signing in where the server requires it, and send the request."""
    token = await credentials(options.url, options.email) if options.email else None
    client = await _open(options, token)
    async with client:
        if options.listen:
            print_frame({"state": "initialised", "data": client.initialised})
        if options.state is not None:
            async for frame in client.stream(options.state, options.data):
                if options.listen or "id" in frame:
                    print_frame(frame)
        if options.listen:
            async for frame in client.listen():
                print_frame(frame)


async def _open(options: Options, token: str | None) -> Client:
    """Open the session; ask for an account when the server requires one and none was given."""
    try:
        return await Client.join(
            options.url, token=token, session=options.session, name=options.name
        )
    except NeedsSignIn as error:
        if token is not None:
            raise
        complain(str(error))
    return await _open(options, await credentials(options.url, None))


def print_frame(frame: dict[str, Any]) -> None:
    """Print one line of JSON, without the resume token, which is a secret."""
    data = frame.get("data")
    if frame.get("state") == "initialised" and isinstance(data, dict):
        frame = {**frame, "data": {**data, "resume_token": "…"}}
    print(json.dumps(frame, ensure_ascii=False), flush=True)

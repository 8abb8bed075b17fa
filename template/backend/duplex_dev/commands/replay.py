"""`poe replay FILE`: replay a conversation that the inspector exported, as a test.

The command sends the recorded requests in a new private session and compares the server's frames
with the recorded ones. Times may differ, and generated ids match one to one (docs/development.md).
The exit code is 1 when something differs. Without --url it starts a server of its own, with an
empty database.
"""

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path

from duplex.contract.describe import Contract
from duplex_dev.client import Client, NeedsSignIn
from duplex_dev.console import TaskError, say
from duplex_dev.machine.temporary import running
from duplex_dev.project import application
from duplex_dev.replay.match import Matcher, Sets
from duplex_dev.replay.player import Outcome, play
from duplex_dev.replay.recording import Recording, read, script_of
from duplex_dev.sign_in import PASSWORD, check_url, credentials, sign_up

SLOWEST, FASTEST = 0.1, 1000.0


@dataclass(frozen=True, slots=True)
class Options:
    """The recording, the server and the account."""

    file: Path
    url: str | None
    session: str | None
    email: str | None
    speed: float | None
    ignore: list[str]


def main(arguments: list[str]) -> int:
    """Replay and print; returns 1 when something differs."""
    options = options_of(arguments)
    recording = read(options.file)
    recording.ignore.extend(options.ignore)
    script_of(recording)
    if options.url is not None:
        outcome = asyncio.run(_against(options.url, options, recording))
    else:
        with running({}) as server:
            say(f"Server: {server.url}")
            outcome = asyncio.run(_alone(server.url, options, recording))
    print(outcome.report(), flush=True)
    return 1 if outcome.differences else 0


def options_of(arguments: list[str]) -> Options:
    """Read the options. Raises TaskError for contradictory ones."""
    parser = argparse.ArgumentParser(
        "poe replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="a conversation that the inspector exported")
    parser.add_argument("--url", help="a server that runs (default: one of its own)")
    parser.add_argument("--session", help="the session to join (a new private one)")
    parser.add_argument(
        "--email", help=f"sign in there; the password is asked for, or read from {PASSWORD}"
    )
    parser.add_argument(
        "--speed", type=float, help="keep the recorded pauses: 1 as they were, 2 twice as fast"
    )
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="PATH",
        help="do not compare: STATE.data.field, * for anything; may be given again",
    )
    given = parser.parse_args(arguments)
    if given.email and not given.url:
        raise TaskError("--email needs --url: the replay's own server has no accounts yet.")
    if given.speed is not None and not SLOWEST <= given.speed <= FASTEST:
        raise TaskError(f"--speed is {given.speed:g}; expected {SLOWEST:g} to {FASTEST:g}")
    url = check_url(given.url) if given.url else None
    return Options(given.file, url, given.session, given.email, given.speed, given.ignore)


async def replay(
    recording: Recording,
    url: str,
    token: str | None = None,
    *,
    session: str | None = None,
    speed: float | None = None,
    contract: Contract | None = None,
) -> Outcome:
    """Replay a recording on the server at `url`. Raises NeedsSignIn, and TaskError for a recording
    that cannot be replayed. `session` is a private one by default; `contract` is that server's, if
    it is not this project's.
    """
    script = script_of(recording)
    matcher = Matcher(recording.ignore, Sets(contract or application().contract()).has)
    async with await Client.join(url, token=token, session=session, name=script.name) as client:
        outcome = await play(script, client, matcher, speed=speed)
    if script.others:
        outcome.notes.append(
            f"{script.others} frames of other participants were left out: a replay is alone."
        )
    if recording.omitted:
        outcome.notes.append(
            f"{recording.omitted} frames are not in the file, so their effects are missing."
        )
    if not script.alone:
        outcome.notes.append(
            "The session had begun before the recording: the first document was not compared."
        )
    return outcome


async def _against(url: str, options: Options, recording: Recording) -> Outcome:
    token = await credentials(url, options.email) if options.email else None
    try:
        return await replay(recording, url, token, session=options.session, speed=options.speed)
    except NeedsSignIn as error:
        if token is not None:
            raise TaskError(str(error)) from None
        raise TaskError(f"{error} Give --email.") from None


async def _alone(url: str, options: Options, recording: Recording) -> Outcome:
    token = await sign_up(url, script_of(recording).name)
    return await replay(recording, url, token, session=options.session, speed=options.speed)

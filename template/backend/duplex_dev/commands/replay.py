"""`poe replay FILE`: a conversation that the inspector exported, held again as a test.

It sends what the page sent, in a new private session, and compares what the server answers with
what it answered then. Times may differ, and generated ids match one to one; docs/inspector.md says
more. Ends with exit code 1 when something differs. Without --url it starts a server of its own for
this, with an empty database.
"""

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path

from duplex.contract.describe import Contract
from duplex_dev.client import Conversation as Session
from duplex_dev.client import NeedsSignIn
from duplex_dev.commands.talk import PASSWORD, check_url, credentials
from duplex_dev.console import TaskError, say
from duplex_dev.load_client import sign_up
from duplex_dev.machine import setup
from duplex_dev.machine.temporary import running
from duplex_dev.project import application
from duplex_dev.replay.file import Conversation, read, script_of
from duplex_dev.replay.match import Matcher
from duplex_dev.replay.run import Outcome, play
from duplex_dev.replay.sets import Sets

SLOWEST, FASTEST = 0.1, 1000.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What is replayed, where, and as whom."""

    file: Path
    url: str | None
    email: str | None
    speed: float | None
    ignore: list[str]


def main(arguments: list[str]) -> int:
    """Replay and print; returns 1 when something differs."""
    wish = wish_of(arguments)
    conversation = read(wish.file)
    conversation.ignore.extend(wish.ignore)
    script_of(conversation)
    if wish.url is not None:
        outcome = asyncio.run(_against(wish.url, wish, conversation))
    else:
        setup.prepare(contract=False)
        with running({}) as server:
            say(f"Server: {server.url}")
            outcome = asyncio.run(_alone(server.url, wish, conversation))
    print(outcome.report(), flush=True)
    return 1 if outcome.differences else 0


def wish_of(arguments: list[str]) -> Wish:
    """Read the options; raises TaskError for what makes no sense."""
    parser = argparse.ArgumentParser(
        "poe replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="a conversation that the inspector exported")
    parser.add_argument("--url", help="a server that runs (default: one of its own)")
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
    return Wish(given.file, url, given.email, given.speed, given.ignore)


async def replay(
    conversation: Conversation,
    url: str,
    token: str | None = None,
    *,
    speed: float | None = None,
    contract: Contract | None = None,
) -> Outcome:
    """Hold a conversation against the server at `url`; raises NeedsSignIn, and TaskError when it
    cannot begin. `contract`: what that server speaks, if it is not this project's.
    """
    script = script_of(conversation)
    matcher = Matcher(conversation.ignore, Sets(contract or application().contract()).has)
    async with await Session.open(url, token, None, script.name) as session:
        outcome = await play(script, session, matcher, speed=speed)
    if script.others:
        outcome.notes.append(
            f"{script.others} frames of other participants were left out: a replay is alone."
        )
    if conversation.omitted:
        outcome.notes.append(
            f"{conversation.omitted} frames are not in the file, so what they did is missing."
        )
    if not script.alone:
        outcome.notes.append(
            "The session had begun before the recording: the first document was not compared."
        )
    return outcome


async def _against(url: str, wish: Wish, conversation: Conversation) -> Outcome:
    token = await credentials(url, wish.email) if wish.email else None
    try:
        return await replay(conversation, url, token, speed=wish.speed)
    except NeedsSignIn as error:
        if token is not None:
            raise TaskError(str(error)) from None
        raise TaskError(f"{error} Give --email.") from None


async def _alone(url: str, wish: Wish, conversation: Conversation) -> Outcome:
    token = await sign_up(url, script_of(conversation).name)
    return await replay(conversation, url, token, speed=wish.speed)

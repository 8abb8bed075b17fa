"""`python -m duplex_dev COMMAND ARGUMENTS…`: every poe command runs this."""

import importlib
import signal
import sys
from importlib.util import find_spec
from types import FrameType

from duplex_dev.console import TaskError, complain, speak_utf8
from duplex_dev.machine.environment import clean_process

COMMANDS = {
    "dev": "duplex_dev.commands.dev",
    "serve": "duplex_dev.commands.serve",
    "test": "duplex_dev.commands.check",
    "e2e": "duplex_dev.commands.e2e",
    "promises": "duplex_dev.commands.promises",
    "lint": "duplex_dev.commands.lint",
    "fmt": "duplex_dev.commands.fmt",
    "contract": "duplex_dev.commands.contract",
    "migration": "duplex_dev.commands.migration",
    "create-admin": "duplex_dev.commands.create_admin",
    "add-state": "duplex_dev.commands.add_state",
    "load": "duplex_dev.commands.load",
    "talk": "duplex_dev.commands.talk",
    "replay": "duplex_dev.commands.replay",
}
"""Command -> its module, which has `main(arguments) -> exit code`; imported when it is used."""


def main(arguments: list[str]) -> int:
    """Run one command; returns the process's exit code."""
    # A project without accounts has no create-admin.
    known = [name for name, module in COMMANDS.items() if find_spec(module) is not None]
    if not arguments or arguments[0] not in known:
        complain(f"Which command? One of: {', '.join(known)}")
        return 2
    # A command that is ended from outside stops the servers that it started, as with Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return importlib.import_module(COMMANDS[arguments[0]]).main(arguments[1:])
    except TaskError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Once: a second one, from uv or a process group, would interrupt the cleaning up.
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    speak_utf8()
    # Before Copier is imported: it copies the environment then.
    clean_process()
    sys.exit(main(sys.argv[1:]))

"""`python -m tasks COMMAND ARGUMENTS…`: what every poe command runs."""

import importlib
import signal
import sys
from types import FrameType

from tasks.console import TaskError, complain, speak_utf8

COMMANDS = {
    "dev": "tasks.dev",
    "serve": "tasks.serve",
    "test": "tasks.check",
    "e2e": "tasks.e2e",
    "lint": "tasks.lint",
    "fmt": "tasks.fmt",
    "contract": "tasks.contract",
    "add-state": "tasks.add_state",
    "load": "tasks.load",
    "talk": "tasks.talk",
    "replay": "tasks.replay",
}
"""Command -> the module whose `main(arguments) -> exit code` does it, imported when it is used."""


def main(arguments: list[str]) -> int:
    """Run one command; returns the process's exit code."""
    if not arguments or arguments[0] not in COMMANDS:
        complain(f"Which command? One of: {', '.join(COMMANDS)}")
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
    # Once: a second one, from uv or a process group, would break off the tidying up.
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    speak_utf8()
    sys.exit(main(sys.argv[1:]))

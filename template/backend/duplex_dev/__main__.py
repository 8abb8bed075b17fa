"""`python -m duplex_dev COMMAND ARGUMENTS…`: every poe command runs this."""

import gc
import importlib
import os
import signal
import sys
from importlib.util import find_spec
from types import FrameType

from duplex_dev.console import TaskError, complain, speak_utf8
from duplex_dev.machine.environment import clean_process

COMMANDS = {
    "dev": "duplex_dev.commands.dev:dev",
    "serve": "duplex_dev.commands.dev:serve",
    "test": "duplex_dev.commands.checks:test",
    "e2e": "duplex_dev.commands.checks:e2e",
    "promises": "duplex_dev.commands.checks:promises",
    "lint": "duplex_dev.commands.checks:lint",
    "fmt": "duplex_dev.commands.checks:fmt",
    "contract": "duplex_dev.commands.generate:contract",
    "migration": "duplex_dev.commands.generate:migration",
    "create-admin": "duplex_dev.commands.create_admin:main",
    "adopt": "duplex_dev.commands.create_admin:adopt",
    "add-state": "duplex_dev.commands.states:add",
    "rename-state": "duplex_dev.commands.states:rename",
    "remove-state": "duplex_dev.commands.states:remove",
    "update": "duplex_dev.commands.update:update",
    "template-status": "duplex_dev.commands.update:status",
    "load": "duplex_dev.commands.load:main",
    "talk": "duplex_dev.commands.talk:main",
    "replay": "duplex_dev.commands.replay:main",
}
"""Command -> `module:function`: it takes the arguments and returns the exit code. The module is
imported when its command is used.
"""


def main(arguments: list[str]) -> int:
    """Run one command; returns the process's exit code."""
    # A project without accounts has no create-admin and adopt.
    known = [name for name, entry in COMMANDS.items() if find_spec(entry.partition(":")[0])]
    if not arguments or arguments[0] not in known:
        complain(f"Which command? One of: {', '.join(known)}")
        return 2
    # A command that is ended from outside stops the servers that it started, as with Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        module, _, function = COMMANDS[arguments[0]].partition(":")
        code = getattr(importlib.import_module(module), function)(arguments[1:])
        sys.stdout.flush()
        return code
    except TaskError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Once: a second one, from uv or a process group, would interrupt the cleaning up.
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGINT)


def _nobody_reads() -> bool:
    """Whether the reader of this process's output has ended, as in `… | head`. Then the rest of the
    output goes nowhere: Python would complain when it writes it at the end.
    """
    try:
        os.write(sys.stdout.fileno(), b"\n")
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return True
    return False


if __name__ == "__main__":
    speak_utf8()
    # Before Copier is imported: it copies the environment then.
    clean_process()
    code = main(sys.argv[1:])
    # Everything ends with the process: else Python's last passes over all objects take half of a
    # second.
    gc.freeze()
    sys.exit(code)

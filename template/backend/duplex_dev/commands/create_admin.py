"""`poe create-admin EMAIL` and `poe adopt EMAIL`: the server's commands, after the set-up."""

from collections.abc import Callable, Sequence

from duplex import Application, Settings
from duplex.accounts import commands
from duplex.accounts.commands import CommandError, Start
from duplex_dev.console import TaskError
from duplex_dev.machine import setup
from duplex_dev.project import application, load_settings


def main(arguments: list[str]) -> int:
    """Create an admin."""
    return _run(commands.create_admin, arguments)


def adopt(arguments: list[str]) -> int:
    """Give rows without an owner to an account."""
    return _run(commands.adopt, arguments)


def _run(command: Callable[[Sequence[str], Start], None], arguments: list[str]) -> int:
    try:
        command(arguments, _start)
    except CommandError as error:
        raise TaskError(str(error)) from None
    return 0


def _start() -> tuple[Application, Settings]:
    with setup.lock():
        setup.make_env()
    setup.migrate()
    return application(), load_settings()

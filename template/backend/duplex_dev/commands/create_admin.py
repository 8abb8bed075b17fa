"""`poe create-admin EMAIL`: create an admin.

An existing account becomes an admin. Otherwise an account is created, and a link is printed that
signs its owner in once, to set up a sign-in method.
"""

import argparse
import asyncio

from duplex import Database, Project, Settings
from duplex.accounts import Accounts
from duplex.accounts.admins import MadeAdmin, make_admin
from duplex.accounts.emails import EMAIL, NAME
from duplex_dev.console import TaskError, say
from duplex_dev.machine import setup
from duplex_dev.machine.network import url_of
from duplex_dev.project import application, load_settings


def main(arguments: list[str]) -> int:
    """Migrate the database of the settings, create the admin, and print the next step."""
    parser = argparse.ArgumentParser("poe create-admin", description=__doc__)
    parser.add_argument("email", help="the address of the account")
    parser.add_argument("--name", default="Admin", help="the name of a new account (Admin)")
    given = parser.parse_args(arguments)
    email, name = checked(given.email, given.name)
    with setup.lock():
        setup.make_env()
    setup.migrate()
    settings = load_settings()
    made = asyncio.run(make(settings, email, name))
    if made.path is None:
        say(f"{made.email} is an admin now.")
    else:
        say(f"{made.email} has an account and is an admin. This link works once, for 3 days:")
        origin = settings.public_url or url_of(settings.host, settings.port)
        print(f"{origin}{made.path}", flush=True)
    return 0


def checked(email: str, name: str) -> tuple[str, str]:
    """The address and the name as they are stored. Raises TaskError."""
    try:
        return EMAIL.validate_python(email), NAME.validate_python(name)
    except ValueError:
        raise TaskError(f"{email!r} or {name!r} cannot be used: give `you@example.org`.") from None


async def make(settings: Settings, email: str, name: str) -> MadeAdmin:
    """Make the admin in the database of the settings."""
    accounts = application().accounts
    if not isinstance(accounts, Accounts):
        raise TaskError("This application has no accounts: see `accounts` in app/main.py.")
    database = Database(settings.database_url)
    try:
        project = Project.read(settings.root)
        return await make_admin(
            accounts.services(settings, database, Nobody(), project), email, name
        )
    finally:
        await database.dispose()


class Nobody:
    """No sessions are open in this process."""

    async def revoke(self, user: str, sign_in: str | None = None) -> None:
        """Close nothing."""

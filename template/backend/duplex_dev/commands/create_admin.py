"""`poe create-admin EMAIL`: create an admin.

An existing account becomes an admin. Otherwise an account is created, and a link is printed that
signs its owner in once, to set up a sign-in method.

`poe adopt EMAIL` gives everything that was saved before the project had accounts to one of them.
"""

import argparse
import asyncio
from collections.abc import Iterable

from sqlalchemy import Table, column, func, select, table, update

from duplex import Base, Database, Project, Settings
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


def adopt(arguments: list[str]) -> int:
    """Give rows without an owner to an account, in every table of the team with `owner`."""
    parser = argparse.ArgumentParser("poe adopt", description=adopt.__doc__)
    parser.add_argument("email", help="the address of the account")
    email, _ = checked(parser.parse_args(arguments).email, "Owner")
    with setup.lock():
        setup.make_env()
    setup.migrate()
    settings = load_settings()
    application().import_models()
    given = asyncio.run(_adopt(settings, email))
    for name, count in given.items():
        say(f"{name}: {count} rows belong to {email} now")
    if not given:
        say("No table has an `owner` that may be empty: there is nothing to give away.")
    return 0


async def _adopt(settings: Settings, email: str) -> dict[str, int]:
    database = Database(settings.database_url)
    try:
        return await give_owner(database, email, Base.metadata.tables.values())
    finally:
        await database.dispose()


async def give_owner(database: Database, email: str, tables: Iterable[Table]) -> dict[str, int]:
    """Set the owner of every row that has none; returns how many, by table.

    Raises TaskError when nobody has the address.
    """
    users = table("users", column("id"), column("email"))
    given: dict[str, int] = {}
    async with database.transaction() as db:
        owner = await db.scalar(select(users.c.id).where(users.c.email == email))
        if owner is None:
            raise TaskError(f"No account has the address {email}. It must sign up first.")
        for owned in tables:
            if "owner" in owned.c and owned.c.owner.nullable:
                free = owned.c.owner.is_(None)
                count = await db.scalar(select(func.count()).select_from(owned).where(free))
                await db.execute(update(owned).where(free).values(owner=owner))
                given[owned.name] = count or 0
    return given


def checked(email: str, name: str) -> tuple[str, str]:
    """The address and the name as they are stored. Raises TaskError."""
    try:
        email = EMAIL.validate_python(email)
    except ValueError:
        raise TaskError(f"{email!r} is not an e-mail address, such as you@example.org.") from None
    try:
        return email, NAME.validate_python(name)
    except ValueError:
        raise TaskError(f"{name!r} cannot be a name: use one line of text.") from None


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

"""The commands of the server's command line: `python -m app create-admin EMAIL` and `adopt EMAIL`.

`poe create-admin` and `poe adopt` are the same on a developer's machine, after the set-up.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import Table, column, func, select, table, update

from duplex.accounts import challenges
from duplex.accounts.accounts import Accounts
from duplex.accounts.browser.visit import public_origin
from duplex.accounts.emails import EMAIL, NAME
from duplex.accounts.events import audit
from duplex.accounts.ownership import disown
from duplex.accounts.routes import invitations
from duplex.accounts.services import Services
from duplex.settings import Settings
from duplex.web.application import Application, Project
from duplex.web.database import Base, Database, must_answer
from duplex.web.errors import CannotStart
from duplex.web.migrate import require_current

Start = Callable[[], tuple[Application, Settings]]
"""Gives the application and its settings, once the arguments are known to be right."""


@dataclass(frozen=True, slots=True)
class MadeAdmin:
    """The result. `path`: the link that signs the new admin in once; None for an account whose
    address was verified before.
    """

    email: str
    path: str | None


class CommandError(Exception):
    """The command cannot be done; the sentence says why."""


def create_admin(arguments: Sequence[str], start: Start) -> None:
    """Create an admin. An existing account becomes an admin. Otherwise an account is created, and a
    link is printed that signs its owner in once, to set up a sign-in method.
    """
    parser = argparse.ArgumentParser("create-admin", description=create_admin.__doc__)
    parser.add_argument("email", help="the address of the account")
    parser.add_argument("--name", default="Admin", help="the name of a new account (Admin)")
    given = parser.parse_args(arguments)
    email, name = checked(given.email, given.name)
    application, settings = start()
    made = asyncio.run(_make(application, settings, email, name))
    if made.path is None:
        print(f"{made.email} is an admin now.")
    else:
        print(f"{made.email} has an account and is an admin. This link works once, for 3 days:")
        print(f"{public_origin(settings) or _local(settings)}{made.path}", flush=True)


def adopt(arguments: Sequence[str], start: Start) -> None:
    """Give rows without an owner to an account, in every table of the team with `owner`: those that
    were saved before the project had accounts.
    """
    parser = argparse.ArgumentParser("adopt", description=adopt.__doc__)
    parser.add_argument("email", help="the address of the account")
    email, _ = checked(parser.parse_args(arguments).email, "Owner")
    application, settings = start()
    application.import_models()
    given = asyncio.run(_adopt(settings, email))
    for name, count in given.items():
        print(f"{name}: {count} rows belong to {email} now")
    if not given:
        print("No table has an `owner` that may be empty: there is nothing to give away.")


COMMANDS = {"create-admin": create_admin, "adopt": adopt}


def run(name: str, arguments: Sequence[str], start: Start) -> None:
    """The command of this name; ends the process with a line when it cannot be done."""
    try:
        COMMANDS[name](arguments, start)
    except (CommandError, CannotStart) as error:
        raise SystemExit(str(error)) from None


def checked(email: str, name: str) -> tuple[str, str]:
    """The address and the name as they are stored. Raises CommandError."""
    try:
        email = EMAIL.validate_python(email)
    except ValueError:
        raise CommandError(
            f"{email!r} is not an e-mail address, such as you@example.org."
        ) from None
    try:
        return email, NAME.validate_python(name)
    except ValueError:
        raise CommandError(f"{name!r} cannot be a name: use one line of text.") from None


async def make_admin(services: Services, email: str, name: str) -> MadeAdmin:
    """Make the account of an address an admin, or create an admin account."""
    users = services.users
    async with services.database.transaction() as db:
        user = await db.scalar(select(users).where(users.email == email).with_for_update())
        if user is not None:
            user.is_admin = user.is_active = True
            audit(db, "made_admin", actor=None, subject=user, detail="command line")
            if user.email_verified_at is not None:
                return MadeAdmin(email, None)
            # Whoever signed up with this address has not shown that it is theirs.
            await disown(db, user)
        else:
            user = users(email=email, name=name, is_admin=True)
            db.add(user)
            await db.flush()
            audit(db, "created", actor=None, subject=user, detail="admin, command line")
        issued = challenges.issue(
            db, "invitation", user_id=user.id, lifetime=invitations.LIFETIME, kept=False
        )
        return MadeAdmin(email, f"{invitations.PATH}#token={issued.mailed}")


async def give_owner(database: Database, email: str, tables: Iterable[Table]) -> dict[str, int]:
    """Set the owner of every row that has none; returns how many, by table.

    Raises CommandError when nobody has the address.
    """
    users = table("users", column("id"), column("email"))
    given: dict[str, int] = {}
    async with database.transaction() as db:
        owner = await db.scalar(select(users.c.id).where(users.c.email == email))
        if owner is None:
            raise CommandError(f"No account has the address {email}. It must sign up first.")
        for owned in tables:
            if "owner" in owned.c and owned.c.owner.nullable:
                free = owned.c.owner.is_(None)
                count = await db.scalar(select(func.count()).select_from(owned).where(free))
                await db.execute(update(owned).where(free).values(owner=owner))
                given[owned.name] = count or 0
    return given


async def _make(application: Application, settings: Settings, email: str, name: str) -> MadeAdmin:
    accounts = application.accounts
    if not isinstance(accounts, Accounts):
        raise CommandError("This application has no accounts: see `accounts` in app/main.py.")
    project = Project.read(settings.root)
    async with _migrated(settings) as database:
        services = accounts.services(settings, database, _Nobody(), project)
        return await make_admin(services, email, name)


async def _adopt(settings: Settings, email: str) -> dict[str, int]:
    async with _migrated(settings) as database:
        return await give_owner(database, email, Base.metadata.tables.values())


@asynccontextmanager
async def _migrated(settings: Settings) -> AsyncGenerator[Database]:
    """The database of the settings. Raises CannotStart when it lacks a migration."""
    database = Database.of(settings)
    try:
        await must_answer(database)
        await require_current(database, settings.root)
        yield database
    finally:
        await database.dispose()


def _local(settings: Settings) -> str:
    """The address of a server in development. A name where there is one: passkeys need it."""
    if settings.host in ("0.0.0.0", "127.0.0.1", "::", "::1"):
        return f"http://localhost:{settings.port}"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


class _Nobody:
    """No sessions are open in this process."""

    async def revoke(self, user: str, sign_in: str | None = None) -> None:
        """Close nothing."""

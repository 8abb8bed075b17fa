"""Signing in for tests, where the application has accounts: without a form and a password."""

from sqlalchemy import select

from duplex import Application, Database, Project, Settings
from duplex.accounts import Accounts
from duplex.accounts.sign_in import refresh_tokens, tokens
from duplex.web.database import now
from duplex_dev.testing import Person, SignIn


def account_sign_in(application: Application, settings: Settings, database: Database) -> SignIn:
    """The fixture `sign_in` with accounts: creates `name@example.org` and signs in."""
    accounts = application.accounts
    assert isinstance(accounts, Accounts), "the application has accounts"
    authenticate = accounts.authenticator(settings, database)
    slug = Project.read(settings.root).slug

    async def sign_in(name: str) -> Person:
        users = accounts.users
        email = f"{name.lower()}@example.org"
        async with database.transaction() as db:
            user = await db.scalar(select(users).where(users.email == email))
            if user is None:
                user = users(email=email, name=name.title(), email_verified_at=now())
                db.add(user)
                await db.flush()
            granted = await refresh_tokens.start(db, user)
        token = tokens.sign(settings.secret_keys, slug, user.id, granted.sign_in.id)
        return Person(token, await authenticate(token))

    return sign_in

"""Signing in for tests, where the application has accounts: without a form and a password."""

from sqlalchemy import select

from duplex import Database, Settings
from duplex.accounts import families, tokens
from duplex.accounts.current import get_active_websocket_user
from duplex.accounts.users import User
from duplex_dev.testing.people import Person, SignIn


def account_sign_in(settings: Settings, database: Database) -> SignIn:
    """What the fixture `sign_in` gives there: `name@example.org` has an account, and signs in."""

    async def sign_in(name: str) -> Person:
        email = f"{name.lower()}@example.org"
        async with database.transaction() as db:
            user = await db.scalar(select(User).where(User.email == email))
            if user is None:
                user = User(email=email, name=name.title())
                db.add(user)
                await db.flush()
            granted = await families.start(db, user)
        token = tokens.sign(settings.secret_keys, user.id, granted.sign_in.id)
        return Person(token, await get_active_websocket_user(token, settings, database))

    return sign_in

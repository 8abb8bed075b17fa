"""The stored passwords of accounts."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.methods.password.policy import SHORTEST_ALONE
from duplex.accounts.services import Services
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.credentials import Password
from duplex.web.database import now


async def find(
    services: Services, db: AsyncSession, email: str
) -> tuple[Account | None, str | None]:
    """The active account of an address, and the hash of its password."""
    users = services.users
    row = (
        await db.execute(
            select(users, Password.hash)
            .outerjoin(Password, Password.user_id == users.id)
            .where(users.email == email, users.is_active)
        )
    ).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


async def hash_of(db: AsyncSession, user_id: str) -> str | None:
    """The hash of an account's password; None without one."""
    return await db.scalar(select(Password.hash).where(Password.user_id == user_id))


async def lock(services: Services, db: AsyncSession, user_id: str) -> Account | None:
    """The account, held until the transaction ends; None when it is not active."""
    users = services.users
    user = await db.scalar(select(users).where(users.id == user_id).with_for_update())
    return user if user is not None and user.is_active else None


async def put(db: AsyncSession, user_id: str, hashed: str, password: str) -> None:
    """Store a new password."""
    stored = await db.get(Password, user_id)
    if stored is None:
        stored = Password(user_id=user_id)
        db.add(stored)
    stored.hash = hashed
    stored.suffices_alone = len(password) >= SHORTEST_ALONE
    stored.changed_at = now()
    await db.flush()

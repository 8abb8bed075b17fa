"""An account belongs to the owner of its address."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.sign_in import refresh_tokens
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.credentials import Passkey, Password, RecoveryCode, TotpSecret
from duplex.web.database import now


async def prove(db: AsyncSession, user: Account) -> bool:
    """Record that the user has read a mail to their address; returns whether that is new.

    If accounts work before they are verified, another person may have created the account with
    this address. Their credentials are removed, and they are signed out.
    """
    if user.email_verified_at is not None:
        return False
    user.email_verified_at = now()
    await disown(db, user)
    return True


async def disown(db: AsyncSession, user: Account) -> None:
    """Remove the credentials of an account and sign it out: only a mail to its address leads in."""
    for table in (Password, TotpSecret, RecoveryCode, Passkey):
        await db.execute(delete(table).where(table.user_id == user.id))
    await refresh_tokens.revoke_all(db, user.id)

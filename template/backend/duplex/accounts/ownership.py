"""Who owns an address, owns its account."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.sign_in import families
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.credentials import Passkey, Password, RecoveryCode, TotpSecret
from duplex.web.database import now


async def prove(db: AsyncSession, user: Account) -> bool:
    """Note that the user read a mail to their address; returns whether that was new.

    Somebody else may have made the account with this address, where accounts work before they
    are verified: then what they set up to get in is removed, and they are signed out.
    """
    if user.email_verified_at is not None:
        return False
    user.email_verified_at = now()
    for table in (Password, TotpSecret, RecoveryCode, Passkey):
        await db.execute(delete(table).where(table.user_id == user.id))
    await families.revoke_all(db, user.id)
    return True

"""Creates an admin from the command line of the server."""

from dataclasses import dataclass

from sqlalchemy import select

from duplex.accounts import challenges
from duplex.accounts.events import audit
from duplex.accounts.ownership import disown
from duplex.accounts.routes import invitations
from duplex.accounts.services import Services


@dataclass(frozen=True, slots=True)
class MadeAdmin:
    """The result. `path`: the link that signs the new admin in once; None for an account whose
    address was verified before.
    """

    email: str
    path: str | None


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

"""Invitations: an admin makes an account, and its owner comes in by a mailed link."""

from datetime import timedelta

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts import attempts, challenges, mailed
from duplex.accounts.browser.visit import OwnPage, Visit, VisitDep
from duplex.accounts.events import record
from duplex.accounts.mailed import Token
from duplex.accounts.ownership import prove
from duplex.accounts.services import Services, ServicesDep
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.challenges import Challenge
from duplex.web.errors import Problem

LIFETIME = timedelta(days=3)
"""An invitation is not bound to a browser: its link is enough, valid longer, and works once."""

PATH = "/invitation"
"""The page that the mail links to."""

MAILS = ("invitation",)

router = APIRouter(
    prefix="/api/v1/auth/invitation",
    tags=["sign-in"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 410: {"model": Problem}, 429: {"model": Problem}},
)


class Acceptance(BaseModel):
    """The token of the link in the mail."""

    token: Token


@router.post("/accept")
async def accept_invitation(
    acceptance: Acceptance, services: ServicesDep, visit: VisitDep, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Come in by an invitation; afterwards, set up how to sign in."""
    await attempts.admit(services, visit, "code", attempts.GUESS)
    verified = await challenges.verify_token(services.database, "invitation", acceptance.token)
    async with services.database.transaction() as db:
        await challenges.consume(db, verified)
        user = await db.get_one(services.users, verified.user_id, with_for_update=True)
        if not user.is_active:
            raise challenges.expired()
        revoked = await prove(db, user)
        record(db, visit, "email_verified", user_id=user.id, detail="invitation")
        outcome = await signing_in.grant(db, user, "invitation")
    if revoked:
        await services.engine.revoke(user.id)
    return await signing_in.answer(outcome)


async def invite(
    services: Services, db: AsyncSession, visit: Visit, user: Account, *, by: str
) -> None:
    """Mail an invitation; an earlier one is worth nothing any more."""
    await db.execute(
        delete(Challenge).where(Challenge.user_id == user.id, Challenge.purpose == "invitation")
    )
    issued = challenges.issue(db, "invitation", user_id=user.id, lifetime=LIFETIME, kept=False)
    mailed.send(services, db, visit, "invitation", user.email, issued, PATH, by=by)

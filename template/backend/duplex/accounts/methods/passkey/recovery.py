"""Getting in without a passkey, by mail: to add a new one after the old one was lost."""

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import select

from duplex.accounts import attempts, challenges, mailed
from duplex.accounts.emails import Email
from duplex.accounts.events import record
from duplex.accounts.mailed import Mailed, MailedProof
from duplex.accounts.ownership import prove
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.accounts.sign_in.visit import OwnPage, VisitDep
from duplex.web.errors import Problem

PATH = "/recover-account/confirm"
"""The page that the mail links to."""

router = APIRouter(
    prefix="/api/v1/auth/passkeys/recover",
    tags=["passkeys"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 429: {"model": Problem}},
)


class AccountRecovery(BaseModel):
    """The address of the account."""

    email: Email


@router.post("", status_code=202)
async def recover_account(
    form: AccountRecovery, response: Response, services: ServicesDep, visit: VisitDep
) -> Mailed:
    """Ask for a mail that signs in without a passkey."""
    await attempts.admit(services, visit, "mail", attempts.MAIL, form.email)
    async with services.database.transaction() as db:
        issued = await mailed.send_to_owner(
            services, db, visit, "recover-account", "recover_account", form.email, PATH
        )
        record(db, visit, "mail_requested", email=form.email, detail="recover account")
    return mailed.keep(response, visit, "recover-account", issued)


@router.post("/confirm", responses={409: {"model": Problem}, 410: {"model": Problem}})
async def confirm_recovery(
    proof: MailedProof, services: ServicesDep, visit: VisitDep, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Sign in with the mail's token or code; afterwards the user adds a passkey."""
    await attempts.admit(services, visit, "code", attempts.GUESS)
    verified = await mailed.verify(services, visit, "recover-account", proof)
    users = services.users
    async with services.database.transaction() as db:
        await challenges.consume(db, verified)
        user = await db.scalar(
            select(users).where(users.id == verified.user_id, users.is_active).with_for_update()
        )
        if user is None:
            raise challenges.expired()
        revoked = await prove(db, user)
        outcome = await signing_in.grant(db, user, "mail")
    if revoked:
        await services.engine.revoke(user.id)
    mailed.done(signing_in.response, visit, "recover-account")
    return await signing_in.answer(outcome)

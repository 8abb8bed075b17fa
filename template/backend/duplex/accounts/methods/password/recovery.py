"""Resetting a forgotten password by mail, in the browser that requested it."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from duplex.accounts import attempts, challenges, mailed
from duplex.accounts.browser.visit import OwnPage, VisitDep
from duplex.accounts.emails import Email
from duplex.accounts.events import record
from duplex.accounts.mailed import Mailed, MailedProof
from duplex.accounts.methods.password import store
from duplex.accounts.methods.password.hashing import hash_password
from duplex.accounts.methods.password.policy import GivenPassword, require_good_for
from duplex.accounts.notices import notify
from duplex.accounts.ownership import prove
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in import refresh_tokens
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.web.errors import Problem

PATH = "/recover/confirm"
"""The page that the mail links to."""

router = APIRouter(
    prefix="/api/v1/auth/password",
    tags=["password"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 429: {"model": Problem}},
)


class RecoverForm(BaseModel):
    """The address of the account."""

    email: Email


class PasswordReset(MailedProof):
    """The mail's token or code, and the new password."""

    new_password: GivenPassword


@router.post("/recover", status_code=202)
async def recover_password(
    form: RecoverForm, response: Response, services: ServicesDep, visit: VisitDep
) -> Mailed:
    """Ask for a mail that leads to a new password."""
    return await mailed.send_to_owner(
        services, visit, response, "recover", "recover_password", form.email, PATH, detail="recover"
    )


@router.post("/reset", responses={409: {"model": Problem}, 410: {"model": Problem}})
async def reset_password(
    reset: PasswordReset, services: ServicesDep, visit: VisitDep, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Set a new password with the mail's token or code, and sign in.

    All devices are signed out. A refused password does not consume the mail.
    """
    await attempts.admit(services, visit, "code", attempts.GUESS)
    verified = await mailed.verify(services, visit, "recover", reset)
    async with services.database.reading() as db:
        user = await db.get(services.users, verified.user_id)
        if user is None:
            raise challenges.expired()
        second_factor = await services.second_factor(db, user.id) is not None
    require_good_for(services, reset.new_password, user, second_factor=second_factor)
    password = reset.new_password.get_secret_value()
    hashed = await hash_password(password)
    async with services.database.transaction() as db:
        await challenges.consume(db, verified)
        user = await store.lock(services, db, user.id)
        if user is None:
            raise challenges.expired()
        await prove(db, user)
        await store.put(db, user.id, hashed, password)
        await refresh_tokens.revoke_all(db, user.id)
        await challenges.withdraw(db, user.id)
        record(db, visit, "password_changed", user_id=user.id, detail="by mail")
        notify(services, db, visit, "password_changed", user.email)
        outcome = await signing_in.grant(db, user, "mail")
    await services.engine.revoke(user.id)
    mailed.clear_cookie(signing_in.response, visit, "recover")
    return await signing_in.answer(outcome)

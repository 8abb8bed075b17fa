"""Changing the own e-mail address, which takes effect when a mail to it is answered."""

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from duplex.accounts import attempts, challenges, mailed
from duplex.accounts.browser.visit import OwnPage, VisitDep
from duplex.accounts.emails import Email
from duplex.accounts.events import record
from duplex.accounts.mailed import Mailed, MailedProof
from duplex.accounts.notices import notify
from duplex.accounts.profile import Profile
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in import refresh_tokens
from duplex.accounts.sign_in.current import ActiveDep, FreshDep
from duplex.accounts.tables.sign_ins import SignIn
from duplex.web.database import now
from duplex.web.errors import ApiError, Problem

PATH = "/email/confirm"
"""The page that the mail links to."""

MAILS = ("confirm_email", "email_taken", "email_change_requested", "email_changed")

router = APIRouter(
    prefix="/api/v1/auth/email",
    tags=["e-mail"],
    dependencies=[OwnPage],
    responses={401: {"model": Problem}, 403: {"model": Problem}, 429: {"model": Problem}},
)


class EmailChange(BaseModel):
    """The new address."""

    email: Email


@router.post("/change", status_code=202)
async def change_email(
    change: EmailChange,
    response: Response,
    active: FreshDep,
    services: ServicesDep,
    visit: VisitDep,
) -> Mailed:
    """Ask for another e-mail address: mails go to both, and the answer to the new one counts.

    Needs a recent sign-in.
    """
    await attempts.admit(services, visit, "mail", attempts.MAIL, change.email)
    user = active.user
    async with services.database.transaction() as db:
        data = {"email": change.email, "sign_in": active.sign_in.id}
        owner = await db.scalar(
            select(services.users.id).where(services.users.email == change.email)
        )
        taken = owner is not None and owner != user.id
        issued = challenges.issue(db, "email", user_id=user.id, data=data, mailed=not taken)
        name = "email_taken" if taken else "confirm_email"
        mailed.send(services, db, visit, name, change.email, issued, PATH)
        if change.email != user.email:
            notify(services, db, visit, "email_change_requested", user.email)
        record(db, visit, "mail_requested", user_id=user.id, detail="e-mail change")
    return mailed.set_cookie(response, visit, "email", issued)


@router.post("/verify", status_code=202)
async def verify_email(
    response: Response, active: ActiveDep, services: ServicesDep, visit: VisitDep
) -> Mailed:
    """Ask for the mail that verifies your present address once more."""
    user = active.user
    await attempts.admit(services, visit, "mail", attempts.MAIL, user.email)
    async with services.database.transaction() as db:
        data = {"email": user.email, "sign_in": active.sign_in.id}
        issued = challenges.issue(db, "email", user_id=user.id, data=data)
        mailed.send(services, db, visit, "confirm_email", user.email, issued, PATH)
        record(db, visit, "mail_requested", user_id=user.id, detail="verification")
    return mailed.set_cookie(response, visit, "email", issued)


@router.post("/confirm", responses={409: {"model": Problem}, 410: {"model": Problem}})
async def confirm_email(
    proof: MailedProof, response: Response, services: ServicesDep, visit: VisitDep
) -> Profile:
    """Answer the mail to an address: it becomes the account's verified address.

    No access token is needed: the browser that made the request is recognised by its cookie. Once
    its sign-in has ended, the request is void: an owner who signs a thief out stops the change.
    """
    await attempts.admit(services, visit, "code", attempts.GUESS)
    verified = await mailed.verify(services, visit, "email", proof)
    email: str = verified.data["email"]
    try:
        async with services.database.transaction() as db:
            await challenges.consume(db, verified)
            user = await db.get_one(services.users, verified.user_id, with_for_update=True)
            # Challenges of earlier versions do not name a sign-in.
            sign_in = await db.get(SignIn, verified.data.get("sign_in", ""))
            if not user.is_active or sign_in is None or not refresh_tokens.is_alive(sign_in):
                raise challenges.expired()
            before = user.email
            user.email, user.email_verified_at = email, now()
            await db.flush()
            if before == email:
                record(db, visit, "email_verified", user_id=user.id)
            else:
                # Links that were mailed to the old address lead nowhere any more.
                await challenges.withdraw(db, user.id)
                for address in (before, email):
                    notify(
                        services, db, visit, "email_changed", address, before=before, after=email
                    )
                record(db, visit, "email_changed", user_id=user.id)
            profile = Profile.of(user)
    except IntegrityError:
        raise ApiError(422, "refused", "This e-mail address cannot be used.") from None
    mailed.clear_cookie(response, visit, "email")
    return profile

"""Requests of mailed challenges: one sends a mail, the next one carries its token or code."""

from datetime import timedelta
from typing import Annotated, Self

from fastapi import Response
from pydantic import BaseModel, StringConstraints, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts import attempts, challenges
from duplex.accounts.browser import cookies
from duplex.accounts.browser.visit import Visit
from duplex.accounts.challenges import Issued, Purpose, Verified
from duplex.accounts.events import record
from duplex.accounts.ownership import prove
from duplex.accounts.services import Services
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequest

MAILS = ("no_account", "account_deactivated")
"""Mails to addresses without an account that can be used."""

Token = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Mailed(BaseModel):
    """A mail is sent in any case: the response does not reveal whether an account exists.

    The browser keeps its token in a cookie.
    """

    expires_in: int
    """Seconds that the link and the code in the mail are good for."""


class MailedProof(BaseModel):
    """The token in the link of a mail, or its code if the mail was opened elsewhere."""

    token: Token | None = None
    code: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.token is None) == (self.code is None):
            raise ValueError("expected either a token or a code")
        return self


def send(
    services: Services,
    db: AsyncSession,
    visit: Visit,
    name: str,
    to: str,
    issued: Issued,
    path: str,
    **values: object,
) -> None:
    """Put the mail NAME into the outbox, with a link to `path` of the page, and the code.

    The token follows a `#`, so it reaches neither logs of servers nor other sites.
    """
    link = {
        "link": f"{visit.origin}{path}#token={issued.mailed}",
        "code": issued.code,
        "minutes": int(issued.lifetime / timedelta(minutes=1)),
        "hours": int(issued.lifetime / timedelta(hours=1)),
        "origin": visit.origin,
    }
    services.mail(db, name, to, link | values, issued.lifetime)


async def send_to_owner(
    services: Services,
    visit: Visit,
    response: Response,
    purpose: Purpose,
    name: str,
    to: str,
    path: str,
    *,
    detail: str,
) -> Mailed:
    """Send the mail NAME to the account of an address, for a browser that is not signed in.
    `detail` is kept in the log of sign-ins.

    Where there is no active account the mail says so, and only the mail: the response is the same.
    """
    await attempts.admit(services, visit, "mail", attempts.MAIL, to)
    users = services.users
    async with services.database.transaction() as db:
        user = await db.scalar(select(users).where(users.email == to))
        if user is not None and user.is_active:
            issued = challenges.issue(db, purpose, user_id=user.id)
        else:
            # Its token is never valid, like a code that was not mailed.
            issued = challenges.issue(db, purpose, mailed=False)
            name = "no_account" if user is None else "account_deactivated"
        send(services, db, visit, name, to, issued, path)
        record(db, visit, "mail_requested", email=to, detail=detail)
    return set_cookie(response, visit, purpose, issued)


def set_cookie(response: Response, visit: Visit, purpose: Purpose, issued: Issued) -> Mailed:
    """Set the cookie with the browser's token, after the transaction was committed."""
    seconds = issued.lifetime.total_seconds()
    visit.cookies.set(response, cookies.kept(purpose), issued.kept, seconds)
    return Mailed(expires_in=int(seconds))


async def verify(
    services: Services, visit: Visit, purpose: Purpose, proof: MailedProof
) -> Verified:
    """Check a proof against the browser's cookie, without consuming it. Raises ApiError."""
    return await challenges.verify_mailed(
        services.database,
        purpose,
        kept=visit.kept(purpose),
        mailed=proof.token,
        code=proof.code,
    )


async def sign_in(
    signing_in: SignInRequest, purpose: Purpose, proof: MailedProof
) -> SignedIn | SecondStep:
    """Sign in with the token or code of a mail that `send_to_owner` sent. Raises ApiError."""
    services, visit = signing_in.services, signing_in.visit
    await attempts.admit(services, visit, "code", attempts.GUESS)
    verified = await verify(services, visit, purpose, proof)
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
    clear_cookie(signing_in.response, visit, purpose)
    return await signing_in.answer(outcome)


def clear_cookie(response: Response, visit: Visit, purpose: Purpose) -> None:
    """Delete the cookie with the browser's token."""
    visit.cookies.clear(response, cookies.kept(purpose))

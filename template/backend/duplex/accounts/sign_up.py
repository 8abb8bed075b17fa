"""Signing up: an account is created when its address is confirmed, so nobody can reserve another
person's address. No response reveals whether an address has an account; only the mail differs.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts import attempts, challenges, mailed
from duplex.accounts.browser.visit import OwnPage, Visit, VisitDep
from duplex.accounts.challenges import Issued
from duplex.accounts.emails import Email, Name
from duplex.accounts.events import record
from duplex.accounts.mailed import Mailed, MailedProof
from duplex.accounts.services import Services, ServicesDep
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.credentials import Password
from duplex.web.database import now
from duplex.web.errors import ApiError, Problem

PATH = "/sign-up/confirm"
"""The page that the mail links to."""

MAILS = ("sign_up", "already_signed_up")


class SignUpForm(BaseModel):
    """A new account."""

    email: Email
    name: Name


class SignUpState(BaseModel):
    """Who can create an account."""

    open: bool
    """Everybody; otherwise only admins create accounts."""


requests = APIRouter(
    prefix="/api/v1/auth",
    tags=["sign-in"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 429: {"model": Problem}},
)
"""For methods that need no more than an address."""

router = APIRouter(
    prefix="/api/v1/auth",
    tags=["sign-in"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 409: {"model": Problem}, 410: {"model": Problem}},
)


@requests.post("/sign-up", status_code=202)
async def sign_up(
    form: SignUpForm, response: Response, services: ServicesDep, visit: VisitDep
) -> Mailed:
    """Ask for an account: a mail to this address leads on."""
    require_open(services)
    await attempts.admit(services, visit, "mail", attempts.MAIL, form.email)
    return await begin(services, visit, response, form.email, form.name)


@router.get("/sign-up")
async def sign_up_state(services: ServicesDep) -> SignUpState:
    """Whether visitors can create an account, which the page then offers."""
    return SignUpState(open=is_open(services))


@router.post("/sign-up/confirm", status_code=201)
async def confirm_sign_up(
    proof: MailedProof, services: ServicesDep, visit: VisitDep, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Create the account that this browser requested, and sign in."""
    await attempts.admit(services, visit, "code", attempts.GUESS)
    verified = await mailed.verify(services, visit, "sign-up", proof)
    try:
        async with services.database.transaction() as db:
            await challenges.consume(db, verified)
            if verified.user_id is None:
                user = _make(services, verified.data)
                db.add(user)
                await db.flush()
                if password := verified.data.get("password"):
                    db.add(Password(user_id=user.id, hash=password, suffices_alone=True))
                record(db, visit, "signed_up", user_id=user.id)
            else:
                user = await db.get_one(services.users, verified.user_id, with_for_update=True)
                user.email_verified_at = user.email_verified_at or now()
                record(db, visit, "email_verified", user_id=user.id)
            if not user.is_active:
                raise challenges.expired()
            outcome = await signing_in.grant(db, user, "mail")
    except IntegrityError:
        # Another sign-up with this address was confirmed in the meantime.
        raise challenges.expired() from None
    mailed.clear_cookie(signing_in.response, visit, "sign-up")
    return await signing_in.answer(outcome)


def is_open(services: Services) -> bool:
    """Whether visitors can create an account."""
    return services.settings.sign_up == "open"


def require_open(services: Services) -> None:
    """A 403 if only admins create accounts."""
    if not is_open(services):
        raise ApiError(403, "invited_only", "Accounts are created only by invitation.")


async def begin(
    services: Services,
    visit: Visit,
    response: Response,
    email: str,
    name: str,
    password_hash: str | None = None,
) -> Mailed:
    """Send the mail that confirms a new account, or the mail about an existing account.

    With `EMAIL_VERIFICATION=optional` the account is created at once, and the mail only confirms
    its address.
    """
    data = {"email": email, "name": name, "password": password_hash}
    try:
        issued = await _send(services, visit, data)
    except IntegrityError:
        # Another sign-up with this address was faster: the account exists now.
        issued = await _send(services, visit, data)
    return mailed.set_cookie(response, visit, "sign-up", issued)


async def _send(services: Services, visit: Visit, data: Mapping[str, Any]) -> Issued:
    email = data["email"]
    async with services.database.transaction() as db:
        users = services.users
        # Whether the account of the address, if there is one, is active.
        taken = await db.scalar(select(users.is_active).where(users.email == email))
        record(db, visit, "mail_requested", email=email, detail="sign-up")
        if taken is not None:
            # Its token is never valid, like a code that was not mailed.
            issued = challenges.issue(db, "sign-up", data=data, mailed=False)
            name = "already_signed_up" if taken else "account_deactivated"
            mailed.send(services, db, visit, name, email, issued, "/sign-in")
            return issued
        user_id = None
        if services.settings.email_verification == "optional":
            user_id = await _make_unverified(services, db, data)
        issued = challenges.issue(db, "sign-up", user_id=user_id, data=data)
        mailed.send(services, db, visit, "sign_up", email, issued, PATH)
        return issued


async def _make_unverified(services: Services, db: AsyncSession, data: Mapping[str, Any]) -> str:
    user = _make(services, data)
    user.email_verified_at = None
    db.add(user)
    await db.flush()
    if password := data.get("password"):
        db.add(Password(user_id=user.id, hash=password, suffices_alone=True))
    return user.id


def _make(services: Services, data: Mapping[str, Any]) -> Account:
    return services.users(email=data["email"], name=data["name"], email_verified_at=now())

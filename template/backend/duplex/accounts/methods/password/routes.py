"""Signing up and in with a password, and changing it.

No response reveals whether an address has an account: signing up is answered by mail, and signing
in with an unknown address takes as long as with a wrong password.
"""

from fastapi import APIRouter, Response
from pydantic import BaseModel, SecretStr

from duplex.accounts import attempts, sign_up
from duplex.accounts.browser.visit import OwnPage, VisitDep
from duplex.accounts.challenges import withdraw
from duplex.accounts.emails import Email, Name
from duplex.accounts.events import record, record_alone
from duplex.accounts.mailed import Mailed
from duplex.accounts.methods.password import store
from duplex.accounts.methods.password.hashing import hash_password, is_outdated, verify_password
from duplex.accounts.methods.password.policy import (
    SHORTEST_ALONE,
    SHORTEST_WITH_SECOND_FACTOR,
    GivenPassword,
    require_good,
    require_good_for,
)
from duplex.accounts.notices import notify
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in import refresh_tokens
from duplex.accounts.sign_in.current import ActiveDep
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.web.errors import ApiError, Problem

_WRONG = "The e-mail address or the password is wrong."
_CURRENT_WRONG = "The current password is wrong."
_UNVERIFIED = "Please confirm your e-mail address first: ask for a new password by mail."

router = APIRouter(
    prefix="/api/v1/auth/password",
    tags=["password"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 429: {"model": Problem}},
)


class PasswordSignUp(BaseModel):
    """A new account with a password."""

    email: Email
    name: Name
    password: GivenPassword


class PasswordSignIn(BaseModel):
    """An account and its password."""

    email: Email
    password: GivenPassword


class PasswordChange(BaseModel):
    """The new password, and the current one where the account has one."""

    current_password: GivenPassword | None = None
    new_password: GivenPassword


class PasswordState(BaseModel):
    """The state of the password, for its page."""

    is_set: bool
    shortest: int
    """Characters that a new password needs."""


@router.post("/sign-up", status_code=202)
async def sign_up_with_password(
    form: PasswordSignUp, response: Response, services: ServicesDep, visit: VisitDep
) -> Mailed:
    """Ask for an account with this password: a mail to the address leads on."""
    sign_up.require_open(services)
    # Checking a password costs milliseconds of this process.
    await attempts.admit(services, visit, "new password", attempts.GUESS)
    require_good(services, form.password, shortest=SHORTEST_ALONE, email=form.email, name=form.name)
    await attempts.admit(services, visit, "mail", attempts.MAIL, form.email)
    hashed = await hash_password(form.password.get_secret_value())
    return await sign_up.begin(services, visit, response, form.email, form.name, hashed)


@router.post("/sign-in", responses={401: {"model": Problem}})
async def sign_in_with_password(
    form: PasswordSignIn, services: ServicesDep, visit: VisitDep, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Sign in; with a valid access token of the same user, confirm that sign-in."""
    await attempts.admit(services, visit, "password", attempts.GUESS, form.email)
    password = form.password.get_secret_value()
    async with services.database.reading() as db:
        user, stored = await store.find(services, db, form.email)
    if not await verify_password(stored, password) or user is None or stored is None:
        await record_alone(
            services,
            visit,
            "refused",
            user_id=user.id if user else None,
            email=form.email,
            detail="password",
        )
        raise ApiError(401, "not_signed_in", _WRONG)
    renewed = await hash_password(password) if is_outdated(stored) else None
    async with services.database.transaction() as db:
        user = await store.lock(services, db, user.id)
        # The password may have been changed while it was checked.
        if user is None or await store.hash_of(db, user.id) != stored:
            raise ApiError(401, "not_signed_in", _WRONG)
        if user.email_verified_at is None and services.settings.email_verification == "required":
            raise ApiError(403, "email_unverified", _UNVERIFIED)
        if renewed is not None:
            await store.put(db, user.id, renewed, password)
        await attempts.forget(db, visit, "password", attempts.GUESS, form.email)
        outcome = await signing_in.grant(db, user, "password")
    return await signing_in.answer(outcome)


@router.get("", responses={401: {"model": Problem}})
async def get_password_state(active: ActiveDep, services: ServicesDep) -> PasswordState:
    """Get whether your account has a password, and how long a new one has to be."""
    async with services.database.reading() as db:
        is_set = await store.hash_of(db, active.user.id) is not None
        second_factor = await services.second_factor(db, active.user.id) is not None
    shortest = SHORTEST_WITH_SECOND_FACTOR if second_factor else SHORTEST_ALONE
    return PasswordState(is_set=is_set, shortest=shortest)


@router.post("/change", responses={401: {"model": Problem}})
async def change_password(
    change: PasswordChange,
    active: ActiveDep,
    services: ServicesDep,
    visit: VisitDep,
    signing_in: SignInRequestDep,
) -> SignedIn:
    """Change your password; every other device is signed out, and every open session closed.

    An account without a password gets one after a recent sign-in.
    """
    await attempts.admit(services, visit, "password", attempts.GUESS, active.user.email)
    async with services.database.reading() as db:
        stored = await store.hash_of(db, active.user.id)
        second_factor = await services.second_factor(db, active.user.id) is not None
    if stored is not None:
        if not await verify_password(stored, _text(change.current_password)):
            await record_alone(
                services, visit, "refused", user_id=active.user.id, detail="current password"
            )
            raise ApiError(403, "wrong_password", _CURRENT_WRONG)
    elif not active.is_fresh:
        raise ApiError(403, "not_fresh", "Please confirm that it is you: sign in once more.")
    require_good_for(services, change.new_password, active.user, second_factor=second_factor)
    password = change.new_password.get_secret_value()
    hashed = await hash_password(password)
    async with services.database.transaction() as db:
        user = await store.lock(services, db, active.user.id)
        if user is None or await store.hash_of(db, user.id) != stored:
            raise ApiError(403, "wrong_password", _CURRENT_WRONG)
        await store.put(db, user.id, hashed, password)
        await refresh_tokens.revoke_all(db, user.id)
        await withdraw(db, user.id)
        methods = active.sign_in.methods
        granted = await refresh_tokens.start(
            db, user, methods=methods, address=visit.address, user_agent=visit.user_agent
        )
        # A new sign-in, but the identity was not proved again.
        granted.sign_in.confirmed_at = active.sign_in.confirmed_at
        record(db, visit, "password_changed", user_id=user.id)
        notify(services, db, visit, "password_changed", user.email)
    await services.engine.revoke(user.id)
    return signing_in.signed_in(user, granted.sign_in, granted)


def _text(password: SecretStr | None) -> str:
    return "" if password is None else password.get_secret_value()

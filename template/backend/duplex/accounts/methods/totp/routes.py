"""Setting an authenticator app up, and the second step of signing in."""

from io import BytesIO
from typing import Annotated

import segno
from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints
from pyotp import random_base32
from pyotp.totp import TOTP
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts import attempts, challenges
from duplex.accounts.browser.visit import OwnPage, Visit, VisitDep
from duplex.accounts.events import Kind, record, record_alone
from duplex.accounts.mailed import Token
from duplex.accounts.methods.totp import store
from duplex.accounts.notices import notify
from duplex.accounts.services import Services, ServicesDep
from duplex.accounts.sign_in import refresh_tokens
from duplex.accounts.sign_in.current import Active, ActiveDep, FreshDep
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.credentials import Password, TotpSecret
from duplex.web.database import now
from duplex.web.errors import ApiError, Problem

Code = Annotated[str, StringConstraints(min_length=1, max_length=40)]

router = APIRouter(
    prefix="/api/v1/auth/totp",
    tags=["authenticator app"],
    dependencies=[OwnPage],
    responses={401: {"model": Problem}, 403: {"model": Problem}, 429: {"model": Problem}},
)


class TotpState(BaseModel):
    """Whether the second step is on."""

    is_on: bool
    recovery_codes_left: int


class TotpSetUp(BaseModel):
    """A new secret for the app, which is not asked for until it was confirmed."""

    secret: str
    """To be typed into the app if it cannot scan the QR code."""
    uri: str
    """`otpauth://…`: the content of the QR code."""
    qr: str
    """The QR code, an SVG image."""


class TotpCode(BaseModel):
    """Six digits of the app."""

    code: Code


class RecoveryCodes(BaseModel):
    """Codes that replace the app, each once. They are shown only now."""

    recovery_codes: list[str]


class TotpProof(BaseModel):
    """The second step: the challenge of the first one, and six digits or a recovery code."""

    challenge: Token
    code: Code


@router.get("")
async def get_totp(active: ActiveDep, services: ServicesDep) -> TotpState:
    """Get whether your second step is on."""
    async with services.database.reading() as db:
        return TotpState(
            is_on=await store.is_on(db, active.user.id),
            recovery_codes_left=await store.recovery_codes_left(db, active.user.id),
        )


@router.post("/set-up", responses={409: {"model": Problem}})
async def set_up_totp(active: FreshDep, services: ServicesDep) -> TotpSetUp:
    """Make a secret for an authenticator app. Needs a recent sign-in."""
    secret = random_base32()
    async with services.database.transaction() as db:
        await _lock(services, db, active)
        if await store.is_on(db, active.user.id):
            raise ApiError(409, "already_on", "The second step is on already.")
        await store.remove(db, active.user.id)
        db.add(TotpSecret(user_id=active.user.id, secret=store.seal(services, secret)))
    project = services.project.name
    uri = TOTP(secret).provisioning_uri(name=active.user.email, issuer_name=project)
    return TotpSetUp(secret=secret, uri=uri, qr=_svg(uri))


@router.post("/confirm")
async def confirm_totp(
    given: TotpCode, active: FreshDep, services: ServicesDep, visit: VisitDep
) -> RecoveryCodes:
    """Turn the second step on, with a first code of the app. Needs a recent sign-in."""
    await attempts.admit(services, visit, "totp", attempts.SECOND, active.user.email)
    async with services.database.transaction() as db:
        user = await _lock(services, db, active)
        if not await store.use_code(services, db, user.id, given.code, confirming=True):
            raise _wrong_code()
        (await db.get_one(TotpSecret, user.id)).confirmed_at = now()
        codes = await store.new_recovery_codes(db, user.id)
        # Sign-ins that did not show the second step can no longer turn it off, however recent.
        await refresh_tokens.unconfirm(db, user.id, but=active.sign_in.id)
        _record_and_notify(
            services, db, visit, user, "method_added", "The second step was turned on."
        )
    return RecoveryCodes(recovery_codes=codes)


@router.post("/recovery-codes", responses={404: {"model": Problem}})
async def renew_recovery_codes(
    active: FreshDep, services: ServicesDep, visit: VisitDep
) -> RecoveryCodes:
    """Make new recovery codes; the old ones become invalid. Needs a recent sign-in."""
    async with services.database.transaction() as db:
        user = await _lock(services, db, active)
        if not await store.is_on(db, user.id):
            raise ApiError(404, "not_found", "The second step is off.")
        codes = await store.new_recovery_codes(db, user.id)
        _record_and_notify(
            services, db, visit, user, "method_added", "There are new recovery codes."
        )
    return RecoveryCodes(recovery_codes=codes)


@router.post("/turn-off", status_code=204, responses={409: {"model": Problem}})
async def turn_off_totp(active: FreshDep, services: ServicesDep, visit: VisitDep) -> None:
    """Turn the second step off. Needs a recent sign-in, second step included."""
    async with services.database.transaction() as db:
        user = await _lock(services, db, active)
        suffices = select(Password.suffices_alone).where(Password.user_id == user.id)
        if await db.scalar(suffices) is False:
            raise ApiError(
                409,
                "password_too_short",
                "Your password is too short to be the only factor. Choose a longer one first.",
            )
        if await store.is_on(db, user.id):
            _record_and_notify(
                services, db, visit, user, "method_removed", "The second step was turned off."
            )
        await store.remove(db, user.id)


@router.post("/sign-in", responses={410: {"model": Problem}})
async def sign_in_with_totp(
    proof: TotpProof, services: ServicesDep, visit: VisitDep, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Complete a sign-in with a code of the app, or a recovery code."""
    verified = await challenges.verify_token(services.database, "second-step", proof.challenge)
    users = services.users
    async with services.database.reading() as db:
        email = await db.scalar(select(users.email).where(users.id == verified.user_id))
    await attempts.admit(services, visit, "totp", attempts.SECOND, email)
    async with services.database.transaction() as db:
        user = await db.scalar(
            select(users).where(users.id == verified.user_id, users.is_active).with_for_update()
        )
        if user is None:
            raise challenges.expired()
        by_app = await store.use_code(services, db, user.id, proof.code)
        outcome = None
        if by_app or await store.use_recovery_code(db, user.id, proof.code):
            await challenges.consume(db, verified)
            await attempts.forget(db, visit, "totp", attempts.SECOND, user.email)
            if not by_app:
                _record_and_notify(
                    services, db, visit, user, "recovery_code_used", "A recovery code was used."
                )
            first = verified.data["first"]
            outcome = await signing_in.grant(db, user, f"{first} totp", all_factors=True)
    if outcome is None:
        await challenges.count_wrong(services.database, verified)
        await record_alone(services, visit, "refused", user_id=verified.user_id, detail="totp")
        raise _wrong_code()
    return await signing_in.answer(outcome)


async def _lock(services: Services, db: AsyncSession, active: Active) -> Account:
    """The account, held until the transaction ends."""
    return await db.get_one(services.users, active.user.id, with_for_update=True)


def _record_and_notify(
    services: Services, db: AsyncSession, visit: Visit, user: Account, kind: Kind, what: str
) -> None:
    record(db, visit, kind, user_id=user.id, detail=f"totp: {what}")
    notify(services, db, visit, "second_step_changed", user.email, what=what)


def _wrong_code() -> ApiError:
    return ApiError(403, "wrong_code", "This code is wrong, or was used already.")


def _svg(uri: str) -> str:
    image = BytesIO()
    segno.make(uri, error="m", micro=False).save(
        image, kind="svg", xmldecl=False, scale=4, border=4, dark="#000", light="#fff"
    )
    return image.getvalue().decode()

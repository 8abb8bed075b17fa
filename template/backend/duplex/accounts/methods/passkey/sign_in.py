"""Signing in with a passkey."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from duplex.accounts import attempts, challenges
from duplex.accounts.browser.visit import OwnPage, VisitDep
from duplex.accounts.events import record_alone
from duplex.accounts.mailed import Token
from duplex.accounts.methods.passkey import ceremonies
from duplex.accounts.methods.passkey.ceremonies import Ceremony
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.accounts.tables.credentials import Passkey
from duplex.web.database import now
from duplex.web.deps import is_line
from duplex.web.errors import ApiError, Problem

router = APIRouter(
    prefix="/api/v1/auth/passkeys/sign-in",
    tags=["passkeys"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 410: {"model": Problem}, 429: {"model": Problem}},
)


class PasskeyProof(BaseModel):
    """The authenticator's answer to the options."""

    ceremony: Token
    credential: dict[str, Any]


@router.post("/options")
async def begin_passkey_sign_in(services: ServicesDep, visit: VisitDep) -> Ceremony:
    """Get the options for signing in with any passkey."""
    await attempts.admit(services, visit, "passkey", attempts.GUESS)
    async with services.database.transaction() as db:
        return ceremonies.begin_sign_in(db, visit)


@router.post("")
async def sign_in_with_passkey(
    proof: PasskeyProof, services: ServicesDep, visit: VisitDep, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Sign in with a passkey. It is possession and verification in one: no second step follows."""
    await attempts.admit(services, visit, "passkey", attempts.GUESS)
    verified = await challenges.verify_token(services.database, "passkey", proof.ceremony)
    credential_id = proof.credential.get("id")
    if not isinstance(credential_id, str) or not is_line(credential_id):
        raise ceremonies.wrong_passkey()
    users = services.users
    user_id: str | None = None
    # This attempt consumes it, whether it succeeds or not.
    async with services.database.transaction() as db:
        await challenges.consume(db, verified)
    try:
        async with services.database.transaction() as db:
            passkey = await db.scalar(
                select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
            )
            if passkey is None:
                raise ceremonies.wrong_passkey()
            user_id = passkey.user_id
            passkey.sign_count = ceremonies.finish_sign_in(
                verified, visit, passkey, proof.credential
            )
            passkey.used_at = now()
            user = await db.scalar(
                select(users).where(users.id == user_id, users.is_active).with_for_update()
            )
            if user is None:
                raise ceremonies.wrong_passkey()
            outcome = await signing_in.grant(db, user, "passkey", all_factors=True)
    except ApiError as error:
        if error.code == "wrong_passkey":
            detail = f"passkey: {error.__cause__ or 'unknown'}"
            await record_alone(services, visit, "refused", user_id=user_id, detail=detail)
        raise
    return await signing_in.answer(outcome)

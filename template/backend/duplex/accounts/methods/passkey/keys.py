"""The passkeys of an account: added, named, listed and removed."""

from datetime import datetime
from typing import Any, cast

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn.helpers.structs import AuthenticatorTransport

from duplex.accounts import attempts, challenges
from duplex.accounts.browser.visit import OwnPage, VisitDep
from duplex.accounts.emails import Name
from duplex.accounts.events import record
from duplex.accounts.mailed import Token
from duplex.accounts.methods.passkey import ceremonies
from duplex.accounts.methods.passkey.ceremonies import Ceremony
from duplex.accounts.notices import notify
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in.current import ActiveDep, FreshDep
from duplex.accounts.tables.credentials import Passkey
from duplex.mail import isolate
from duplex.web.deps import is_line
from duplex.web.errors import ApiError, Problem, not_found

MOST = 30
"""Passkeys of one account."""

TRANSPORTS = [one.value for one in AuthenticatorTransport]

router = APIRouter(
    prefix="/api/v1/auth/passkeys",
    tags=["passkeys"],
    dependencies=[OwnPage],
    responses={401: {"model": Problem}, 403: {"model": Problem}, 429: {"model": Problem}},
)


class PasskeyItem(BaseModel):
    """A passkey, without its key."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    backed_up: bool
    """Whether it is kept by a password manager and works on other devices too."""
    created_at: datetime
    used_at: datetime | None


class PasskeyList(BaseModel):
    """The passkeys of the account."""

    passkeys: list[PasskeyItem]


class NewPasskey(BaseModel):
    """The authenticator's answer to the options."""

    ceremony: Token
    credential: dict[str, Any]
    name: Name


class PasskeyName(BaseModel):
    """Another name."""

    name: Name


@router.get("")
async def list_passkeys(active: ActiveDep, services: ServicesDep) -> PasskeyList:
    """List your passkeys, the oldest first."""
    async with services.database.reading() as db:
        found = await db.scalars(
            select(Passkey)
            .where(Passkey.user_id == active.user.id)
            .order_by(Passkey.created_at, Passkey.id)
        )
        return PasskeyList(passkeys=[PasskeyItem.model_validate(one) for one in found])


@router.post("/options")
async def begin_passkey(active: FreshDep, services: ServicesDep, visit: VisitDep) -> Ceremony:
    """Get the options for a new passkey. Needs a recent sign-in."""
    await attempts.admit(services, visit, "passkey", attempts.GUESS, active.user.email)
    async with services.database.transaction() as db:
        return await ceremonies.begin_registration(services, db, visit, active.user)


@router.post("", status_code=201, responses={409: {"model": Problem}, 410: {"model": Problem}})
async def add_passkey(
    new: NewPasskey, active: FreshDep, services: ServicesDep, visit: VisitDep
) -> PasskeyItem:
    """Add a passkey. Needs a recent sign-in."""
    verified = await challenges.verify_token(services.database, "passkey", new.ceremony)
    if verified.user_id != active.user.id:
        raise ceremonies.wrong_passkey()
    done = ceremonies.finish_registration(verified, visit, new.credential)
    try:
        async with services.database.transaction() as db:
            await challenges.consume(db, verified)
            user = await db.get_one(services.users, active.user.id, with_for_update=True)
            mine = await db.scalars(select(Passkey.id).where(Passkey.user_id == user.id))
            if len(mine.all()) >= MOST:
                raise ApiError(409, "too_many", "There are too many passkeys.")
            passkey = Passkey(
                user_id=user.id,
                credential_id=done.credential_id,
                public_key=done.public_key,
                sign_count=done.sign_count,
                backed_up=done.backed_up,
                transports=_transports(new.credential),
                name=new.name,
            )
            db.add(passkey)
            await db.flush()
            record(db, visit, "method_added", user_id=user.id, detail=f"passkey {new.name}")
            what = f"A passkey was added: {isolate(new.name)}."
            notify(services, db, visit, "passkeys_changed", user.email, what=what)
            return PasskeyItem.model_validate(passkey)
    except IntegrityError:
        raise ApiError(409, "exists", "This passkey was added already.") from None


@router.patch("/{passkey_id}", responses={404: {"model": Problem}})
async def rename_passkey(
    passkey_id: str, change: PasskeyName, active: ActiveDep, services: ServicesDep
) -> PasskeyItem:
    """Give one of your passkeys another name."""
    async with services.database.transaction() as db:
        passkey = await _own(db, active.user.id, passkey_id)
        passkey.name = change.name
        await db.flush()
        return PasskeyItem.model_validate(passkey)


@router.delete("/{passkey_id}", status_code=204, responses={404: {"model": Problem}})
async def remove_passkey(
    passkey_id: str, active: FreshDep, services: ServicesDep, visit: VisitDep
) -> None:
    """Remove one of your passkeys. Needs a recent sign-in."""
    async with services.database.transaction() as db:
        passkey = await _own(db, active.user.id, passkey_id)
        await db.delete(passkey)
        detail = f"passkey {passkey.name}"
        record(db, visit, "method_removed", user_id=active.user.id, detail=detail)
        what = f"A passkey was removed: {isolate(passkey.name)}."
        notify(services, db, visit, "passkeys_changed", active.user.email, what=what)


async def _own(db: AsyncSession, user_id: str, passkey_id: str) -> Passkey:
    passkey = await db.get(Passkey, passkey_id) if is_line(passkey_id) else None
    if passkey is None or passkey.user_id != user_id:
        raise not_found("passkey")
    return passkey


def _transports(credential: dict[str, Any]) -> str:
    """The transports that the browser reports; the library does not read them."""
    response: Any = credential["response"]
    given: object = response.get("transports")
    words = cast("list[object]", given) if isinstance(given, list) else []
    return " ".join(one for one in TRANSPORTS if one in words)

"""Refreshing tokens, signing out and the list of devices, for all methods."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import select

from duplex.accounts import attempts
from duplex.accounts.browser import cookies
from duplex.accounts.browser.names import browser_name
from duplex.accounts.browser.visit import OwnPage, VisitDep
from duplex.accounts.events import record
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in import refresh_tokens
from duplex.accounts.sign_in.current import ActiveDep, PresentDep
from duplex.accounts.sign_in.granting import SignedIn, SignInRequestDep
from duplex.accounts.tables.lengths import ADDRESS_MAX
from duplex.accounts.tables.sign_ins import SignIn
from duplex.web.deps import is_line
from duplex.web.errors import ApiError, Problem, not_found

router = APIRouter(
    prefix="/api/v1/auth",
    tags=["sign-in"],
    dependencies=[OwnPage],
    responses={401: {"model": Problem}, 403: {"model": Problem}},
)


class Device(BaseModel):
    """A browser in which the user is signed in."""

    id: str
    browser: str
    """Such as `Firefox on Windows`."""
    address: str
    """The network address it was last used from."""
    methods: str
    """How the user signed in, such as `password totp`."""
    signed_in_at: datetime
    last_used_at: datetime
    is_this: bool
    """Whether this request comes from it."""


class Devices(BaseModel):
    """Where the user is signed in."""

    devices: list[Device]


@router.post("/refresh", responses={429: {"model": Problem}})
async def refresh(services: ServicesDep, visit: VisitDep, signing_in: SignInRequestDep) -> SignedIn:
    """Take the refresh token of the cookie for a new one and a new access token."""
    await attempts.admit(services, visit, "refresh", attempts.REFRESH)
    cookie = visit.cookie(cookies.REFRESH)
    user = None
    async with services.database.transaction() as db:
        granted = await refresh_tokens.rotate(db, cookie) if cookie else None
        match granted:
            case refresh_tokens.Granted(sign_in=sign_in):
                user = await db.get_one(services.users, sign_in.user_id)
                sign_in.address = visit.address[:ADDRESS_MAX]
                sign_in.user_agent = visit.user_agent
            case refresh_tokens.Ended(user_id=user_id):
                record(db, visit, "reused", user_id=user_id)
            case None:
                pass
    if isinstance(granted, refresh_tokens.Ended):
        await services.engine.revoke(granted.user_id, granted.sign_in_id)
    if not isinstance(granted, refresh_tokens.Granted) or user is None or not user.is_active:
        raise ApiError(401, "not_signed_in", "You are not signed in.")
    return signing_in.signed_in(user, granted.sign_in, granted)


@router.post("/sign-out", status_code=204)
async def sign_out(
    response: Response, present: PresentDep, services: ServicesDep, visit: VisitDep
) -> None:
    """Sign out on this device and close its open sessions.

    The sign-in is that of the cookie; a program without cookies names it by its access token.
    """
    ended: refresh_tokens.Ended | None = None
    async with services.database.transaction() as db:
        if cookie := visit.cookie(cookies.REFRESH):
            ended = await refresh_tokens.revoke(db, cookie)
        elif present is not None:
            await refresh_tokens.revoke_one(db, present.user.id, present.sign_in.id)
            ended = refresh_tokens.Ended(present.user.id, present.sign_in.id)
        if ended is not None:
            record(db, visit, "signed_out", user_id=ended.user_id)
    if ended is not None:
        await services.engine.revoke(ended.user_id, ended.sign_in_id)
    visit.cookies.clear(response, cookies.REFRESH)


@router.post("/sign-out-everywhere", status_code=204)
async def sign_out_everywhere(
    response: Response, active: ActiveDep, services: ServicesDep, visit: VisitDep
) -> None:
    """Sign out on every device and close every open session of yours."""
    async with services.database.transaction() as db:
        await refresh_tokens.revoke_all(db, active.user.id)
        record(db, visit, "revoked", user_id=active.user.id, detail="everywhere")
    await services.engine.revoke(active.user.id)
    visit.cookies.clear(response, cookies.REFRESH)


@router.get("/devices")
async def list_devices(active: ActiveDep, services: ServicesDep) -> Devices:
    """List where you are signed in, the last used first."""
    async with services.database.reading() as db:
        found = await db.scalars(
            select(SignIn)
            .where(SignIn.user_id == active.user.id, SignIn.revoked_at.is_(None))
            .order_by(SignIn.rotated_at.desc(), SignIn.id)
        )
        return Devices(
            devices=[
                Device(
                    id=one.id,
                    browser=browser_name(one.user_agent),
                    address=one.address,
                    methods=one.methods,
                    signed_in_at=one.created_at,
                    last_used_at=one.rotated_at,
                    is_this=one.id == active.sign_in.id,
                )
                for one in found
                if refresh_tokens.is_alive(one)
            ]
        )


@router.delete("/devices/{device_id}", status_code=204, responses={404: {"model": Problem}})
async def sign_out_device(
    device_id: str, active: ActiveDep, services: ServicesDep, visit: VisitDep
) -> None:
    """Sign one of your devices out and close its open sessions."""
    async with services.database.transaction() as db:
        if not is_line(device_id) or not await refresh_tokens.revoke_one(
            db, active.user.id, device_id
        ):
            raise not_found("device")
        record(db, visit, "revoked", user_id=active.user.id, detail="one device")
    await services.engine.revoke(active.user.id, device_id)

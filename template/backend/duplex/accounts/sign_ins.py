"""Staying signed in and signing out, whatever the method was."""

from fastapi import APIRouter, Response

from duplex.accounts import families
from duplex.accounts.answers import OwnPage, RefreshCookie, SignedIn, answer, clear_cookie
from duplex.accounts.current import ActiveDep
from duplex.web.deps import DatabaseDep, EngineDep, SettingsDep
from duplex.web.errors import ApiError, Problem

router = APIRouter(
    prefix="/api/v1/auth",
    tags=["sign-in"],
    dependencies=[OwnPage],
    responses={401: {"model": Problem}, 403: {"model": Problem}},
)


@router.post("/refresh")
async def refresh(
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    engine: EngineDep,
    cookie: RefreshCookie = None,
) -> SignedIn:
    """Take the refresh token of the cookie for a new one and a new access token."""
    async with database.transaction() as db:
        granted = await families.rotate(db, cookie) if cookie else None
    if isinstance(granted, families.Ended):
        await engine.revoke(granted.user_id, granted.sign_in_id)
    if not isinstance(granted, families.Granted):
        raise ApiError(401, "not_signed_in", "You are not signed in.")
    return answer(response, settings, granted)


@router.post("/sign-out", status_code=204)
async def sign_out(
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    engine: EngineDep,
    cookie: RefreshCookie = None,
) -> None:
    """Sign out on this device and close its open sessions."""
    if cookie:
        async with database.transaction() as db:
            ended = await families.revoke(db, cookie)
        if ended is not None:
            await engine.revoke(ended.user_id, ended.sign_in_id)
    clear_cookie(response, settings)


@router.post("/sign-out-everywhere", status_code=204)
async def sign_out_everywhere(
    response: Response,
    active: ActiveDep,
    settings: SettingsDep,
    database: DatabaseDep,
    engine: EngineDep,
) -> None:
    """Sign out on every device and close every open session of yours."""
    async with database.transaction() as db:
        await families.revoke_all(db, active.user.id)
    await engine.revoke(active.user.id)
    clear_cookie(response, settings)

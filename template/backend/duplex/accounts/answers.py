"""What every way of signing in ends with: an access token, and the refresh token's cookie."""

from typing import Annotated, Literal

from fastapi import Cookie, Depends, Request, Response
from pydantic import BaseModel

from duplex.accounts import tokens
from duplex.accounts.families import IDLE, Granted
from duplex.accounts.profile import Profile
from duplex.settings.base import Settings
from duplex.socket.origins import is_allowed
from duplex.web.deps import SettingsDep
from duplex.web.errors import ApiError

COOKIE = "refresh_token"
PATH = "/api/v1/auth"
"""The only addresses that the browser sends the cookie to."""

RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, include_in_schema=False)]


class SignedIn(BaseModel):
    """Kept in the page's memory; the refresh token travels in a cookie that no script can read."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    """Seconds."""
    user: Profile


def answer(response: Response, settings: Settings, granted: Granted) -> SignedIn:
    """Set the cookie and make the body."""
    response.set_cookie(
        COOKIE,
        granted.token,
        max_age=int(IDLE.total_seconds()),
        path=PATH,
        secure=settings.production,
        httponly=True,
        samesite="strict",
    )
    return SignedIn(
        access_token=tokens.sign(settings.secret_keys, granted.user.id, granted.sign_in.id),
        expires_in=tokens.LIFETIME,
        user=Profile.model_validate(granted.user),
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    """Make the browser forget the refresh token."""
    response.delete_cookie(
        COOKIE, path=PATH, secure=settings.production, httponly=True, samesite="strict"
    )


async def require_own_page(
    request: Request, settings: SettingsDep, cookie: RefreshCookie = None
) -> None:
    """A 403 unless the request comes from our page: browsers send cookies for any page.

    A browser names the page in `Origin` with every POST. Who sends neither an origin nor the
    cookie is a program that acts for itself.
    """
    origin = request.headers.get("origin")
    if origin is None and cookie is None:
        return
    host = request.headers.get("host", "")
    if origin is None or not is_allowed(origin, host, settings.allowed_origins):
        raise ApiError(403, "forbidden", "This request does not come from the page itself.")


OwnPage = Depends(require_own_page)

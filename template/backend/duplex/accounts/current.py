"""Who is asking: the bearer of an access token, over REST and on the socket."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from duplex.accounts import families, tokens
from duplex.accounts.models import SignIn
from duplex.accounts.users import User
from duplex.identity import Authenticate, Identity, NotSignedIn
from duplex.settings.base import Settings
from duplex.web.database import Database
from duplex.web.deps import DatabaseDep, SettingsDep
from duplex.web.errors import ApiError

_bearer = HTTPBearer(auto_error=False, description="The access token that sign-in answers.")


@dataclass(frozen=True, slots=True)
class Active:
    """A user who may act now."""

    user: User
    sign_in: SignIn
    expires: float
    """Unix time in seconds when the access token ends."""


async def find_active(token: str | None, settings: Settings, database: Database) -> Active:
    """The user whom an access token stands for; raises NotSignedIn with a sentence."""
    if not token:
        raise NotSignedIn("Please sign in.")
    try:
        access = tokens.read(settings.secret_keys, token)
    except tokens.BadTokenError:
        raise NotSignedIn("You are no longer signed in. Please sign in again.") from None
    async with database.reading() as db:
        sign_in = await db.get(SignIn, access.sign_in_id)
        user = await db.get(User, access.user_id)
    if sign_in is None or user is None or sign_in.user_id != user.id:
        raise NotSignedIn("This account does not exist any more.")
    if not families.is_alive(sign_in):
        raise NotSignedIn("You were signed out. Please sign in again.")
    if not user.is_active:
        raise NotSignedIn("This account is not active.")
    return Active(user, sign_in, access.expires)


async def get_active_websocket_user(
    token: str | None, settings: Settings, database: Database
) -> Identity:
    """The identity of a socket whose first message carries this token."""
    active = await find_active(token, settings, database)
    return Identity(
        user=active.user.id,
        name=active.user.name,
        roles=frozenset({"admin"} if active.user.is_admin else ()),
        expires=active.expires,
        sign_in=active.sign_in.id,
    )


def authenticator(settings: Settings, database: Database) -> Authenticate:
    """What the session engine calls for every socket and every renewed token."""

    async def authenticate(token: str | None) -> Identity:
        return await get_active_websocket_user(token, settings, database)

    return authenticate


async def get_active(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    settings: SettingsDep,
    database: DatabaseDep,
) -> Active:
    """The user who sends this request; a 401 when there is none."""
    try:
        return await find_active(credentials and credentials.credentials, settings, database)
    except NotSignedIn as error:
        raise ApiError(401, "not_signed_in", str(error), {"WWW-Authenticate": "Bearer"}) from None


ActiveDep = Annotated[Active, Depends(get_active)]


async def get_owner(active: ActiveDep) -> str | None:
    """Whose saved sessions a request is about."""
    return active.user.id


async def get_admin(active: ActiveDep) -> Active:
    """The admin who sends this request; a 403 for everybody else."""
    if not active.user.is_admin:
        raise no_admin()
    return active


def no_admin() -> ApiError:
    """The answer to who may not do what admins do."""
    return ApiError(403, "forbidden", "Only an admin may do this.")


AdminDep = Annotated[Active, Depends(get_admin)]

"""The user of a request, by its access token, over REST and on the socket."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from duplex.accounts.services import Services, ServicesDep
from duplex.accounts.sign_in import refresh_tokens, tokens
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.sign_ins import SignIn
from duplex.identity import Authenticate, Identity, NotSignedIn
from duplex.settings import Settings
from duplex.web.database import Database, now
from duplex.web.errors import ApiError

FRESH = timedelta(minutes=10)
"""How long after a complete authentication sensitive changes are possible."""

_bearer = HTTPBearer(auto_error=False, description="The access token that sign-in answers.")


@dataclass(frozen=True, slots=True)
class Active:
    """A signed-in, active user."""

    user: Account
    sign_in: SignIn
    expires: float
    """Unix time in seconds when the access token ends."""

    @property
    def is_fresh(self) -> bool:
        """Whether the user has authenticated within the last minutes."""
        return now() - self.sign_in.confirmed_at < FRESH


async def find_active(
    token: str | None,
    users: type[Account],
    settings: Settings,
    audience: str,
    database: Database,
) -> Active:
    """The user of an access token. Raises NotSignedIn with a sentence."""
    if not token:
        raise NotSignedIn("Please sign in.")
    try:
        access = tokens.read(settings.secret_keys, audience, token)
    except tokens.BadTokenError:
        raise NotSignedIn("You are no longer signed in. Please sign in again.") from None
    async with database.reading() as db:
        sign_in = await db.get(SignIn, access.sign_in_id)
        user = await db.get(users, access.user_id)
    if sign_in is None or user is None or sign_in.user_id != user.id:
        raise NotSignedIn("This account does not exist any more.")
    if not refresh_tokens.is_alive(sign_in):
        raise NotSignedIn("You were signed out. Please sign in again.")
    if not user.is_active:
        raise NotSignedIn("This account is not active.")
    return Active(user, sign_in, access.expires)


def authenticator(
    users: type[Account], settings: Settings, audience: str, database: Database
) -> Authenticate:
    """The function that the session engine calls for every socket and every renewed token."""

    async def authenticate(token: str | None) -> Identity:
        active = await find_active(token, users, settings, audience, database)
        return Identity(
            user=active.user.id,
            name=active.user.name,
            roles=frozenset({"admin"} if active.user.is_admin else ()),
            expires=active.expires,
            sign_in=active.sign_in.id,
        )

    return authenticate


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def get_active(credentials: Credentials, services: ServicesDep) -> Active:
    """The user who sends this request; a 401 when there is none."""
    try:
        return await _find(credentials, services)
    except NotSignedIn as error:
        raise ApiError(401, "not_signed_in", str(error), {"WWW-Authenticate": "Bearer"}) from None


ActiveDep = Annotated[Active, Depends(get_active)]


async def get_present(credentials: Credentials, services: ServicesDep) -> Active | None:
    """The user who sends this request, if there is one."""
    try:
        return await _find(credentials, services)
    except NotSignedIn:
        return None


PresentDep = Annotated[Active | None, Depends(get_present)]


async def get_fresh(active: ActiveDep) -> Active:
    """A user who has authenticated recently; a 403 `not_fresh` for others."""
    if not active.is_fresh:
        raise ApiError(403, "not_fresh", "Please confirm that it is you: sign in once more.")
    return active


FreshDep = Annotated[Active, Depends(get_fresh)]


async def get_admin(active: ActiveDep) -> Active:
    """The admin who sends this request; a 403 for everybody else."""
    if not active.user.is_admin:
        raise no_admin()
    return active


def no_admin() -> ApiError:
    """The answer to a request that only admins may send."""
    return ApiError(403, "forbidden", "Only an admin may do this.")


AdminDep = Annotated[Active, Depends(get_admin)]


async def _find(credentials: HTTPAuthorizationCredentials | None, services: Services) -> Active:
    return await find_active(
        credentials and credentials.credentials,
        services.users,
        services.settings,
        services.project.slug,
        services.database,
    )

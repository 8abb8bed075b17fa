"""One's own account, and the accounts of others for admins."""

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from duplex.accounts import attempts, families
from duplex.accounts.current import ActiveDep, AdminDep, no_admin
from duplex.accounts.profile import AccountChange, Profile, ProfileChange
from duplex.accounts.users import User
from duplex.web.deps import DatabaseDep, EngineDep
from duplex.web.errors import ApiError, Problem, not_found
from duplex.web.paging import Limit, Offset
from duplex.web.texts import is_line

router = APIRouter(prefix="/api/v1/users", tags=["users"], responses={401: {"model": Problem}})


class UserPage(BaseModel):
    """Some of the users, and how many there are."""

    users: list[Profile]
    total: int


@router.get("/me")
async def get_profile(active: ActiveDep) -> Profile:
    """Get your own account."""
    return Profile.model_validate(active.user)


@router.patch("/me")
async def change_profile(
    change: ProfileChange, active: ActiveDep, database: DatabaseDep
) -> Profile:
    """Change your name or e-mail address."""
    if change.email is not None and change.email != active.user.email:
        # Each change tells whether an address has an account, so there cannot be many.
        await attempts.count(database, attempts.PER_ACCOUNT, "e-mail change", active.user.id)
    try:
        async with database.transaction() as db:
            user = await db.get_one(User, active.user.id)
            user.name = change.name or user.name
            user.email = change.email or user.email
            await db.flush()
            return Profile.model_validate(user)
    except IntegrityError:
        raise ApiError(422, "refused", "This e-mail address cannot be used.") from None


@router.get("", responses={403: {"model": Problem}})
async def list_users(
    admin: AdminDep, database: DatabaseDep, limit: Limit = 50, offset: Offset = 0
) -> UserPage:
    """List all accounts by e-mail address, for admins."""
    async with database.reading() as db:
        rows = await db.scalars(select(User).order_by(User.email).limit(limit).offset(offset))
        users = [Profile.model_validate(row) for row in rows]
        return UserPage(users=users, total=await db.scalar(select(func.count(User.id))) or 0)


@router.patch("/{user_id}", responses={403: {"model": Problem}, 404: {"model": Problem}})
async def change_account(
    user_id: str,
    change: AccountChange,
    admin: AdminDep,
    database: DatabaseDep,
    engine: EngineDep,
) -> Profile:
    """Make somebody an admin or not, activate or deactivate an account, for admins.

    An account that is deactivated, or is an admin's no longer, is signed out everywhere at once.
    """
    if user_id == admin.user.id:
        raise ApiError(403, "forbidden", "Another admin has to change your own account.")
    async with database.transaction() as db:
        # Held in one order: of two admins who take the role from each other, one is too late.
        both = select(User).where(User.id.in_((admin.user.id, user_id))).order_by(User.id)
        found = await db.scalars(both.with_for_update()) if is_line(user_id) else ()
        users = {one.id: one for one in found}
        user = users.get(user_id)
        if user is None:
            raise not_found("user")
        asking = users.get(admin.user.id)
        if asking is None or not (asking.is_admin and asking.is_active):
            raise no_admin()
        loses = (user.is_admin and change.is_admin is False) or (
            user.is_active and change.is_active is False
        )
        user.is_admin = user.is_admin if change.is_admin is None else change.is_admin
        user.is_active = user.is_active if change.is_active is None else change.is_active
        if loses:
            await families.revoke_all(db, user.id)
        await db.flush()
        profile = Profile.model_validate(user)
    if loses:
        await engine.revoke(user_id)
    return profile

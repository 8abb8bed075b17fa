"""The accounts of others, for admins. Each change is kept in the audit log."""

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts import challenges
from duplex.accounts.browser.visit import VisitDep
from duplex.accounts.emails import Email, Name
from duplex.accounts.events import audit, record
from duplex.accounts.ownership import disown
from duplex.accounts.profile import AccountChange, Profile
from duplex.accounts.routes.invitations import invite
from duplex.accounts.services import Services, ServicesDep
from duplex.accounts.sign_in import refresh_tokens
from duplex.accounts.sign_in.current import Active, AdminDep, no_admin
from duplex.accounts.tables.account import Account
from duplex.web.deps import Limit, Offset, is_line
from duplex.web.errors import ApiError, Problem, not_found

router = APIRouter(
    prefix="/api/v1/users",
    tags=["users"],
    responses={401: {"model": Problem}, 403: {"model": Problem}},
)


class UserPage(BaseModel):
    """One page of the accounts, and the number of all."""

    users: list[Profile]
    total: int


class NewUser(BaseModel):
    """An account that an admin makes."""

    email: Email
    name: Name
    is_admin: bool = False
    invite: bool = True
    """Whether a mail invites its owner."""


@router.get("")
async def list_users(
    admin: AdminDep,
    services: ServicesDep,
    search: str = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> UserPage:
    """List accounts by e-mail address, for admins. `search`: a part of the address or name."""
    users = services.users
    wanted = select(users)
    total = select(func.count(users.id))
    if text := search.strip():
        # A text with control characters is in no column.
        found = (
            or_(
                users.email.icontains(text, autoescape=True),
                users.name.icontains(text, autoescape=True),
            )
            if is_line(text)
            else users.id.is_(None)
        )
        wanted, total = wanted.where(found), total.where(found)
    async with services.database.reading() as db:
        rows = await db.scalars(wanted.order_by(users.email).limit(limit).offset(offset))
        return UserPage(users=[Profile.of(row) for row in rows], total=await db.scalar(total) or 0)


@router.post("", status_code=201, responses={409: {"model": Problem}})
async def create_user(
    new: NewUser, admin: AdminDep, services: ServicesDep, visit: VisitDep
) -> Profile:
    """Make an account, and invite its owner by mail, for admins."""
    try:
        async with services.database.transaction() as db:
            await _require_admin(services, db, admin)
            user = services.users(email=new.email, name=new.name, is_admin=new.is_admin)
            db.add(user)
            await db.flush()
            detail = "admin" if new.is_admin else ""
            audit(
                db,
                "created",
                actor=admin.user,
                subject=user,
                detail=detail,
                address=visit.address,
            )
            if new.invite:
                await invite(services, db, visit, user, by=admin.user.name)
                audit(db, "invited", actor=admin.user, subject=user, address=visit.address)
            return Profile.of(user)
    except IntegrityError:
        raise ApiError(409, "exists", "There is an account with this e-mail address.") from None


@router.post("/{user_id}/invite", status_code=204, responses={404: {"model": Problem}})
async def invite_user(
    user_id: str, admin: AdminDep, services: ServicesDep, visit: VisitDep
) -> None:
    """Invite the owner of an account by mail, once more, for admins."""
    async with services.database.transaction() as db:
        await _require_admin(services, db, admin)
        user = await db.get(services.users, user_id) if is_line(user_id) else None
        if user is None or not user.is_active:
            raise not_found("user")
        await invite(services, db, visit, user, by=admin.user.name)
        audit(db, "invited", actor=admin.user, subject=user, address=visit.address)


@router.post("/{user_id}/sign-out", status_code=204, responses={404: {"model": Problem}})
async def sign_user_out(
    user_id: str, admin: AdminDep, services: ServicesDep, visit: VisitDep
) -> None:
    """Sign a user out everywhere, for admins."""
    async with services.database.transaction() as db:
        await _require_admin(services, db, admin)
        user = await db.get(services.users, user_id) if is_line(user_id) else None
        if user is None:
            raise not_found("user")
        await refresh_tokens.revoke_all(db, user.id)
        record(db, visit, "revoked", user_id=user.id, detail="by an admin")
        audit(db, "signed_out", actor=admin.user, subject=user, address=visit.address)
    await services.engine.revoke(user_id)


@router.patch("/{user_id}", responses={404: {"model": Problem}})
async def change_account(
    user_id: str,
    change: AccountChange,
    admin: AdminDep,
    services: ServicesDep,
    visit: VisitDep,
) -> Profile:
    """Add or remove an admin, activate or deactivate an account, for admins.

    A user who is deactivated or no longer an admin is signed out everywhere at once. A new admin
    whose address was never verified has to sign in by mail.
    """
    if user_id == admin.user.id:
        raise ApiError(403, "forbidden", "Another admin has to change your own account.")
    async with services.database.transaction() as db:
        user = await _locked(services, db, admin, user_id)
        was_admin, was_active = user.is_admin, user.is_active
        user.is_admin = was_admin if change.is_admin is None else change.is_admin
        user.is_active = was_active if change.is_active is None else change.is_active
        loses = (was_admin and not user.is_admin) or (was_active and not user.is_active)
        if user.is_admin and not was_admin and user.email_verified_at is None:
            # Whoever signed up with this address has not shown that it is theirs.
            await disown(db, user)
            loses = True
        elif loses:
            await refresh_tokens.revoke_all(db, user.id)
        if loses:
            await challenges.withdraw(db, user.id)
            record(db, visit, "revoked", user_id=user.id, detail="by an admin")
        done = {
            "made_admin": user.is_admin and not was_admin,
            "admin_removed": was_admin and not user.is_admin,
            "activated": user.is_active and not was_active,
            "deactivated": was_active and not user.is_active,
        }
        for action in [action for action, happened in done.items() if happened]:
            audit(db, action, actor=admin.user, subject=user, address=visit.address)
        await db.flush()
        profile = Profile.of(user)
    if loses:
        await services.engine.revoke(user_id)
    return profile


async def _require_admin(services: Services, db: AsyncSession, admin: Active) -> None:
    """A 403 for a user who was an admin when the request began, and is none any more."""
    _check_admin(await db.get(services.users, admin.user.id, with_for_update=True))


def _check_admin(asking: Account | None) -> None:
    if asking is None or not (asking.is_admin and asking.is_active):
        raise no_admin()


async def _locked(services: Services, db: AsyncSession, admin: Active, user_id: str) -> Account:
    """Lock both accounts, always in the same order, so that two admins who remove each other are
    handled one after the other.
    """
    users = services.users
    both = select(users).where(users.id.in_((admin.user.id, user_id))).order_by(users.id)
    found = await db.scalars(both.with_for_update()) if is_line(user_id) else ()
    locked = {one.id: one for one in found}
    user = locked.get(user_id)
    if user is None:
        raise not_found("user")
    _check_admin(locked.get(admin.user.id))
    return user

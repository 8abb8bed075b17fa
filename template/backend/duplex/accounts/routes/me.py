"""One's own account."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from duplex.accounts.profile import Profile, ProfileChange
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in.current import ActiveDep
from duplex.accounts.tables.records import SignInEvent
from duplex.web.deps import Limit, Offset
from duplex.web.errors import Problem

router = APIRouter(prefix="/api/v1/users/me", tags=["account"], responses={401: {"model": Problem}})


class Event(BaseModel):
    """Something that happened to an account."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    kind: str
    """Such as `signed_in`, `refused` or `password_changed`."""
    detail: str
    address: str
    user_agent: str


class Events(BaseModel):
    """The newest events."""

    events: list[Event]


@router.get("")
async def get_profile(active: ActiveDep) -> Profile:
    """Get your own account."""
    return Profile.of(active.user)


@router.patch("")
async def change_profile(
    change: ProfileChange, active: ActiveDep, services: ServicesDep
) -> Profile:
    """Change your name."""
    async with services.database.transaction() as db:
        user = await db.get_one(services.users, active.user.id)
        user.name = change.name or user.name
        await db.flush()
        return Profile.of(user)


@router.get("/events")
async def list_own_events(
    active: ActiveDep, services: ServicesDep, limit: Limit = 50, offset: Offset = 0
) -> Events:
    """List the sign-in events of your account, newest first."""
    async with services.database.reading() as db:
        found = await db.scalars(
            select(SignInEvent)
            .where(SignInEvent.user_id == active.user.id)
            .order_by(SignInEvent.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return Events(events=[Event.model_validate(one) for one in found])

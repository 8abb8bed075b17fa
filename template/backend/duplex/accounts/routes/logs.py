"""The logs for admins: actions of admins, and sign-in events."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select

from duplex.accounts.routes.me import Event, Events
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in.current import AdminDep
from duplex.accounts.tables.records import AuditEvent, SignInEvent
from duplex.web.deps import Limit, Offset, is_line
from duplex.web.errors import Problem

router = APIRouter(
    prefix="/api/v1",
    tags=["users"],
    responses={401: {"model": Problem}, 403: {"model": Problem}},
)


class AuditEntry(BaseModel):
    """Something that an admin did."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    action: str
    """Such as `created`, `invited`, `made_admin`, `admin_removed`, `deactivated`."""
    actor: str
    """The admin's e-mail address; empty for the server's settings or command line."""
    subject: str
    detail: str
    address: str


class AuditLog(BaseModel):
    """One page of the entries, the newest first, and the number of all."""

    entries: list[AuditEntry]
    total: int


@router.get("/audit")
async def list_audit(
    admin: AdminDep, services: ServicesDep, limit: Limit = 50, offset: Offset = 0
) -> AuditLog:
    """List the actions of admins, newest first, for admins."""
    newest = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit).offset(offset)
    async with services.database.reading() as db:
        found = await db.scalars(newest)
        entries = [AuditEntry.model_validate(one) for one in found]
        total = await db.scalar(select(func.count(AuditEvent.id))) or 0
        return AuditLog(entries=entries, total=total)


@router.get("/users/{user_id}/events")
async def list_user_events(
    user_id: str, admin: AdminDep, services: ServicesDep, limit: Limit = 50, offset: Offset = 0
) -> Events:
    """List the sign-in events of an account, newest first, for admins."""
    async with services.database.reading() as db:
        found = await db.scalars(
            select(SignInEvent)
            .where(SignInEvent.user_id == (user_id if is_line(user_id) else ""))
            .order_by(SignInEvent.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return Events(events=[Event.model_validate(one) for one in found])

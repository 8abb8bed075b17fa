"""The list of saved sessions, and what can be done with one."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.deps import DatabaseDep
from app.errors import Problem, not_found
from app.features import owner
from app.saved.models import SavedSession
from app.texts import Line, is_line

LISTED = 200
"""Saved sessions that the list shows at most, the newest first."""

router = APIRouter(prefix="/api/v1/sessions", tags=["saved sessions"])

Owner = Annotated[str | None, Depends(owner)]
"""The user who asks; None where people do not sign in and everybody shares one list."""


class SavedItem(BaseModel):
    """A saved session without its document."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    title: str
    created_at: datetime
    updated_at: datetime


class TitleChange(BaseModel):
    """A new title for a saved session."""

    title: Annotated[Line, StringConstraints(max_length=200)]


@router.get("")
async def list_saved_sessions(owner: Owner, database: DatabaseDep) -> list[SavedItem]:
    """List your saved sessions, the last saved first."""
    async with database.reading() as db:
        rows = await db.scalars(
            select(SavedSession)
            .where(SavedSession.owner.is_not_distinct_from(owner))
            .order_by(SavedSession.updated_at.desc(), SavedSession.id)
            .limit(LISTED)
        )
        return [SavedItem.model_validate(row) for row in rows]


@router.get("/{session_id}", responses={404: {"model": Problem}})
async def get_saved_session(session_id: str, owner: Owner, database: DatabaseDep) -> SavedItem:
    """Get one of your saved sessions."""
    async with database.reading() as db:
        return SavedItem.model_validate(await _own(db, session_id, owner))


@router.patch("/{session_id}", responses={404: {"model": Problem}})
async def rename_saved_session(
    session_id: str, change: TitleChange, owner: Owner, database: DatabaseDep
) -> SavedItem:
    """Give one of your saved sessions another title."""
    async with database.transaction() as db:
        saved = await _own(db, session_id, owner)
        saved.title = change.title
        await db.flush()
        return SavedItem.model_validate(saved)


@router.delete("/{session_id}", status_code=204, responses={404: {"model": Problem}})
async def delete_saved_session(session_id: str, owner: Owner, database: DatabaseDep) -> None:
    """Delete one of your saved sessions; a session that is open right now goes on."""
    async with database.transaction() as db:
        await db.delete(await _own(db, session_id, owner))


async def _own(db: AsyncSession, session_id: str, owner: str | None) -> SavedSession:
    saved = await db.get(SavedSession, session_id) if is_line(session_id) else None
    # Somebody else's session looks like one that does not exist.
    if saved is None or saved.owner != owner:
        raise not_found("saved session")
    return saved

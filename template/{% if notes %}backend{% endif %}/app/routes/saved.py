"""The list of saved sessions; get, rename and delete one."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from app.models.saved import TITLE_MAX, SavedSession
from duplex import (
    DatabaseDep,
    IdentityDep,
    Limit,
    Line,
    LiveSessionsDep,
    Offset,
    Problem,
    is_line,
    not_found,
)

router = APIRouter(prefix="/api/v1/sessions", tags=["saved sessions"])


async def get_owner(identity: IdentityDep) -> str | None:
    """The owner of the saved sessions that a request may read and change."""
    return identity.user


Owner = Annotated[str | None, Depends(get_owner)]
"""The user's id; None in an application without sign-in, where everybody shares one list."""


class SavedItem(BaseModel):
    """A saved session without its document."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    title: str
    created_at: datetime
    updated_at: datetime


class SavedPage(BaseModel):
    """One page of the saved sessions, and the number of all."""

    sessions: list[SavedItem]
    total: int


class TitleChange(BaseModel):
    """A new title for a saved session."""

    title: Annotated[Line, StringConstraints(max_length=TITLE_MAX)]


@router.get("")
async def list_saved_sessions(
    owner: Owner, database: DatabaseDep, limit: Limit = 50, offset: Offset = 0
) -> SavedPage:
    """List your saved sessions, the last saved first."""
    own = SavedSession.owner.is_not_distinct_from(owner)
    async with database.reading() as db:
        rows = await db.scalars(
            select(SavedSession)
            .where(own)
            # The id orders sessions of the same moment, so that no page repeats or skips one.
            .order_by(SavedSession.updated_at.desc(), SavedSession.id)
            .limit(limit)
            .offset(offset)
        )
        sessions = [SavedItem.model_validate(row) for row in rows]
        total = await db.scalar(select(func.count(SavedSession.id)).where(own)) or 0
        return SavedPage(sessions=sessions, total=total)


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
        # Renaming does not move the session to the top of the list.
        flag_modified(saved, "updated_at")
        await db.flush()
        return SavedItem.model_validate(saved)


@router.delete("/{session_id}", status_code=204, responses={404: {"model": Problem}})
async def delete_saved_session(
    session_id: str, owner: Owner, database: DatabaseDep, live: LiveSessionsDep
) -> None:
    """Delete one of your saved sessions, and end it for everybody if it is open."""
    async with database.transaction() as db:
        await db.delete(await _own(db, session_id, owner))
    # Without its owner, everybody who knows the id could join it.
    await live.close(session_id, "This session was deleted.")


async def _own(db: AsyncSession, session_id: str, owner: str | None) -> SavedSession:
    saved = await db.get(SavedSession, session_id) if is_line(session_id) else None
    # The answer does not reveal that another user has a session of this id.
    if saved is None or saved.owner != owner:
        raise not_found("saved session")
    return saved

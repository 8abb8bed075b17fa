"""The table of saved sessions."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from duplex import Base, Moment, now

TITLE_MAX = 200
"""Characters of a saved session's title."""


class SavedSession(Base):
    """A session's shared document as it was last saved."""

    __tablename__ = "saved_sessions"
    __table_args__ = (Index("ix_saved_sessions_owner", "owner", "updated_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    owner: Mapped[str | None] = mapped_column(String(36))
    """The user's id; None in an application without sign-in."""
    document: Mapped[str] = mapped_column(Text)
    """JSON of the `Document` model."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now, onupdate=now)

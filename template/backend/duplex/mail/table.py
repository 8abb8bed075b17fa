"""The table of mails that are to be sent."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from duplex.web.database import Base, Moment, now


class OutgoingMail(Base):
    """One mail. Its texts are blanked when it was delivered: they hold links that sign in."""

    __tablename__ = "mails"
    __table_args__ = (Index("ix_mails_due", "done_at", "due_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    """Part of its Message-ID, by which a server can recognise a mail that is sent twice."""
    to: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    due_at: Mapped[datetime] = mapped_column(Moment, default=now)
    """When to try next; while a worker is sending, the end of its lease."""
    expires_at: Mapped[datetime] = mapped_column(Moment)
    """When it is no longer worth sending."""
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was delivered or abandoned."""
    error: Mapped[str] = mapped_column(String(255), default="")
    """Why the last try failed."""

"""Notebooks and the members of sessions."""

from datetime import datetime

from duplex import Base, Moment, now
from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column


class Notebook(Base):
    """A session's document as it was stored last."""

    __tablename__ = "notebooks"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class Member(Base):
    """A user who may join a session whose id begins with `members-`."""

    __tablename__ = "members"

    session: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(String(36), primary_key=True)

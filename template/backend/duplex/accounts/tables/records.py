"""Logs: sign-in events, and actions of admins."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from duplex.accounts.tables.lengths import ADDRESS_MAX, DETAIL_MAX, EMAIL_MAX, USER_AGENT_MAX
from duplex.web.database import Base, Moment, now


class SignInEvent(Base):
    """One event of signing in: never with a secret in it."""

    __tablename__ = "sign_in_events"
    __table_args__ = (Index("ix_sign_in_events_user_id", "user_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, default=now, index=True)
    kind: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(EMAIL_MAX), default="")
    """The address that was typed, where no account is behind the event."""
    detail: Mapped[str] = mapped_column(String(DETAIL_MAX), default="")
    address: Mapped[str] = mapped_column(String(ADDRESS_MAX), default="")
    user_agent: Mapped[str] = mapped_column(String(USER_AGENT_MAX), default="")


class AuditEvent(Base):
    """One action of an admin. Kept permanently, also after the accounts are deleted."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, default=now, index=True)
    action: Mapped[str] = mapped_column(String(40), index=True)
    actor_id: Mapped[str | None] = mapped_column(String(36))
    """None: the server's settings or its command line."""
    actor: Mapped[str] = mapped_column(String(EMAIL_MAX), default="")
    """The admin's e-mail address at that time."""
    subject_id: Mapped[str | None] = mapped_column(String(36), index=True)
    subject: Mapped[str] = mapped_column(String(EMAIL_MAX), default="")
    """The e-mail address of the account it was about, at that time."""
    detail: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(String(ADDRESS_MAX), default="")

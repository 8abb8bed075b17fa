"""Steps of signing in that wait for an answer, and counts of attempts."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from duplex.web.database import Base, Moment, now


class Challenge(Base):
    """A proof that a user has to give soon: a mail that they read, or a second factor.

    Tokens are `fingerprint.subject`. Both tokens of a challenge have its fingerprint and a subject
    of their own; only hashes of the subjects are kept.
    """

    __tablename__ = "challenges"

    fingerprint: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[str | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    """None before the account exists, and for an address without an account."""
    kept_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the token that the browser keeps; None for an invitation, which no browser asked for."""
    mailed_hash: Mapped[str | None] = mapped_column(String(64))
    code_hash: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[str] = mapped_column(Text, default="{}")
    """JSON with data for the completion of the step."""
    wrong: Mapped[int] = mapped_column(default=0)
    """Wrong answers so far."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class Attempt(Base):
    """How often something was tried within one window of time."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    until: Mapped[datetime] = mapped_column(Moment, index=True)

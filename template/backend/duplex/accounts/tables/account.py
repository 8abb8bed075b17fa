"""The columns of a user that the engine knows."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from duplex.accounts.tables.lengths import EMAIL_MAX
from duplex.web.database import Base, Moment, now
from duplex.wire.protocol import NAME_MAX


class Account(Base):
    """Subclass it once, as `User` in `app/users/models.py`; a subclass may add columns."""

    __abstract__ = True
    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    email: Mapped[str] = mapped_column(String(EMAIL_MAX), unique=True)
    """Normalised: see `duplex.accounts.emails`."""
    email_verified_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    """When mail to this address was answered; None: never."""
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now, onupdate=now)

"""Sign-ins, their refresh tokens, and the browsers that an account was used from."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from duplex.accounts.tables.lengths import ADDRESS_MAX, USER_AGENT_MAX
from duplex.web.database import Base, Moment, now


class SignIn(Base):
    """One signed-in device: a family of refresh tokens, each of which replaces the previous one."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int] = mapped_column(default=0)
    """Of the tokens that are valid now; each rotation adds one."""
    methods: Mapped[str] = mapped_column(String(80), default="")
    """The factors that the user has shown, such as `password totp`."""
    address: Mapped[str] = mapped_column(String(ADDRESS_MAX), default="")
    user_agent: Mapped[str] = mapped_column(String(USER_AGENT_MAX), default="")
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    confirmed_at: Mapped[datetime] = mapped_column(Moment, default=now)
    """The last complete authentication: sensitive changes need a recent one."""
    rotated_at: Mapped[datetime] = mapped_column(Moment, default=now)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class RefreshToken(Base):
    """One refresh token, of which only the hash is kept."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    sign_in_id: Mapped[str] = mapped_column(
        ForeignKey("sign_ins.id", ondelete="CASCADE"), index=True
    )
    generation: Mapped[int]


class KnownBrowser(Base):
    """A browser in which an account was used: recognised by a cookie that outlives a sign-out."""

    __tablename__ = "known_browsers"
    __table_args__ = (UniqueConstraint("user_id", "token_hash", name="uq_known_browsers_user_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(Moment, default=now)

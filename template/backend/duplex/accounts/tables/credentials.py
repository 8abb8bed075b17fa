"""The credentials of users."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from duplex.web.database import Base, Moment, now
from duplex.wire.protocol import NAME_MAX


class Password(Base):
    """The password of an account; an account without one has no row."""

    __tablename__ = "passwords"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    hash: Mapped[str] = mapped_column(String(255))
    """Argon2id."""
    suffices_alone: Mapped[bool]
    """Whether it is long enough to be the only factor."""
    changed_at: Mapped[datetime] = mapped_column(Moment, default=now)


class TotpSecret(Base):
    """The secret that an account shares with an authenticator app."""

    __tablename__ = "totp_secrets"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[str] = mapped_column(Text)
    """Encrypted with a key that is derived from SECRET_KEY."""
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    """None until a first code was right: until then it is not asked for."""
    last_step: Mapped[int] = mapped_column(default=0)
    """The time step of the last code that was used: neither it nor an older one counts again."""


class RecoveryCode(Base):
    """A code that replaces the authenticator app once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class Passkey(Base):
    """A WebAuthn credential."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    """Base64url; the standard allows 1023 bytes."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[str] = mapped_column(String(120), default="")
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    backed_up: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    used_at: Mapped[datetime | None] = mapped_column(Moment)

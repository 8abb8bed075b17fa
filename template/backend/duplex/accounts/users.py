"""The table of users, and how their addresses are written."""

import re
from datetime import datetime
from typing import Annotated
from unicodedata import normalize
from uuid import uuid4

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from duplex.web.database import Base, Moment, now
from duplex.web.texts import Line

_ATOM = r"[^\s\x00-\x1f@\"(),:;<>\[\\\].]+"
_LOCAL = re.compile(rf"(?=.{{1,64}}$){_ATOM}(\.{_ATOM})*")
_LABEL = r"[^\W_](?:(?:[^\W_]|-)*[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")


def _normalise(email: str) -> str:
    """One spelling, so that nobody gets two accounts; raises ValueError for what is no address.

    Any domain will do: a company's own network has names that the internet does not know.
    """
    local, _, domain = normalize("NFC", email.strip()).lower().rpartition("@")
    try:
        domain = domain.encode("idna").decode("idna")
    except UnicodeError:
        domain = ""
    if _LOCAL.fullmatch(local) is None or _DOMAIN.fullmatch(domain) is None:
        raise ValueError("not an e-mail address")
    return f"{local}@{domain}"


Email = Annotated[
    str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(_normalise)
]
"""An e-mail address in the one spelling that is stored: two spellings are one account."""

Name = Annotated[Line, StringConstraints(max_length=80)]
"""What others see of a user."""


class User(Base):
    """An account, whatever ways of signing in it has."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    """Argon2id; None for an account without a password."""
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now, onupdate=now)

"""A user in the REST API."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from duplex.accounts.emails import Name
from duplex.accounts.tables.account import Account


class Profile(BaseModel):
    """A user, without anything secret."""

    id: str
    email: str
    email_verified: bool
    name: str
    is_admin: bool
    is_active: bool
    created_at: datetime

    @classmethod
    def of(cls, user: Account) -> Self:
        """The profile of a user."""
        return cls(
            id=user.id,
            email=user.email,
            email_verified=user.email_verified_at is not None,
            name=user.name,
            is_admin=user.is_admin,
            is_active=user.is_active,
            created_at=user.created_at,
        )


class ProfileChange(BaseModel):
    """Changes of the user's own account; omitted fields are not changed."""

    name: Name | None = None


class AccountChange(BaseModel):
    """Changes of an account by an admin; omitted fields are not changed."""

    is_admin: bool | None = None
    is_active: bool | None = None

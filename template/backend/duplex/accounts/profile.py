"""What the REST API tells about a user."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from duplex.accounts.users import Email, Name


class Profile(BaseModel):
    """A user, without anything secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    email: str
    name: str
    is_admin: bool
    is_active: bool
    created_at: datetime


class ProfileChange(BaseModel):
    """What to change of one's own account; what is left out stays."""

    name: Name | None = None
    email: Email | None = None


class AccountChange(BaseModel):
    """What an admin changes of an account; what is left out stays."""

    is_admin: bool | None = None
    is_active: bool | None = None

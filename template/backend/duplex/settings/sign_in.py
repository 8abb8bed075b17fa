"""Settings of sign-in and of mail."""

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from duplex.settings.values import is_url

PASSWORD_LENGTH = 15
"""Characters of a password that is the only factor, at least (NIST SP 800-63B-4)."""


class SignInSettings(BaseSettings):
    """The settings that matter where people have accounts."""

    public_url: str = Field(
        default="", description="the address that people open, such as https://app.example.org"
    )
    smtp_url: str = Field(
        default="",
        repr=False,
        description="smtp://user:password@host:587 or smtps://user:password@host:465",
    )
    mail_from: str = Field(
        default="", description="the sender's address of every mail, such as app@example.org"
    )
    sign_up: Literal["open", "invited"] = Field(
        default="open", description="open or invited (only admins make accounts)"
    )
    email_verification: Literal["required", "optional"] = Field(
        default="required",
        description="required or optional (people work before they answered a mail)",
    )
    first_admin_email: str | None = Field(default=None, description="an e-mail address")
    first_admin_password: SecretStr | None = Field(
        default=None,
        description=f"a password of at least {PASSWORD_LENGTH} characters, not all spaces,"
        " together with FIRST_ADMIN_EMAIL",
    )

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        if not url:
            return url
        kept = url.rstrip("/").lower()
        if not is_url(kept, {"http", "https"}) or kept.count("/") > 2 or "@" in kept:
            raise ValueError
        return kept

    @field_validator("smtp_url")
    @classmethod
    def _check_smtp(cls, url: str) -> str:
        if url and not is_url(url, {"smtp", "smtps"}):
            raise ValueError
        return url

    @field_validator("mail_from", "first_admin_email")
    @classmethod
    def _check_address(cls, email: str | None) -> str | None:
        if email and re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", email) is None:
            raise ValueError
        return email

    @field_validator("first_admin_password")
    @classmethod
    def _check_admin_password(
        cls, password: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if password is None:
            return None
        given = password.get_secret_value()
        if info.data.get("first_admin_email", password) is None:
            raise ValueError
        if len(given) < PASSWORD_LENGTH or not given.strip():
            raise ValueError
        return password

    @property
    def mail_sender(self) -> str:
        """The sender's address: `MAIL_FROM`, else `noreply` at the host that people open."""
        return self.mail_from or f"noreply@{urlsplit(self.public_url).hostname or 'localhost'}"

"""The settings: environment variables, then `.env` in the project's root.

There is no global instance: the code that starts the process calls `Settings.load()` once and
passes the object on. Handlers receive it from `session.settings(Settings)`, routes through
`get_settings`.
"""

import os
import re
import secrets
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import ClassVar, Literal, Self, cast
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from duplex.settings.session import SessionSettings
from duplex.settings.values import Secrets, Words, explain, is_made_up, is_url

SECRET_LENGTH = 32
"""Characters each secret key must have at least."""

PASSWORD_LENGTH = 15
"""Characters of a password that is the only factor, at least (NIST SP 800-63B-4)."""

_DATABASES = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class SignInSettings(BaseSettings):
    """The settings of sign-in and mail."""

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
        description="required or optional (users can sign in before they confirm their address)",
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


class Settings(SessionSettings, SignInSettings):
    """Every setting, by its environment name in lower case.

    A field's description is the "expected" part of the message that a bad value gets.
    """

    _ignores_environment: ClassVar[bool] = False

    root: ClassVar[Path] = Path.cwd()
    """The project's folder, with `.env`, `data/` and `frontend/`; `app/settings.py` sets it."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = Field(
        default="development", description="development or production"
    )
    host: str = Field(default="127.0.0.1", pattern=r"^\S+$", description="an address to listen on")
    port: int = Field(
        default=8000, ge=0, le=65535, description="a port from 0 (any free one) to 65535"
    )
    forwarded_allow_ips: Words = Field(
        default=("127.0.0.1", "::1"),
        description="addresses and networks of proxies, such as 10.0.0.7,172.30.219.0/24, or *",
    )
    broker_url: str = Field(
        default="memory://",
        repr=False,
        description="memory://, redis://host:6379/0 or rediss://host:6379/0",
    )
    workers: int = Field(default=1, ge=1, le=256, description="a number of processes from 1 to 256")
    secret_key: Secrets = Field(
        default=(),
        description=f"one or more secrets of at least {SECRET_LENGTH} characters, the newest"
        " first, with commas between; `openssl rand -hex 32` makes one",
    )
    database_url: str = Field(
        default="sqlite+aiosqlite:///./data/app.db",
        repr=False,
        description="sqlite+aiosqlite:///./data/app.db or"
        " postgresql+psycopg://user:password@host/name",
    )
    database_pooler: bool = Field(
        default=False,
        description="true where PostgreSQL is behind a pooler such as PgBouncer, else false",
    )
    hsts_include_subdomains: bool = Field(
        default=False,
        description="true or false: whether browsers must use https for all sub-domains too",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, then the file; arguments win over both."""
        if cls._ignores_environment:
            return (init_settings,)
        file = DotEnvSettingsSource(settings_cls, env_file=cls._env_file())
        return init_settings, env_settings, file

    @classmethod
    def load(cls) -> Self:
        """The settings of this process. Bad values are printed to stderr, one line each (exit 2).

        `ENV_FILE` names another file than `.env`: temporary servers must not read a team's.
        """
        try:
            return cls()
        except ValidationError as error:
            lines = explain(error, cls.model_fields)
        except (OSError, UnicodeDecodeError) as error:
            lines = [f"{cls._env_file()} cannot be read: {error}"]
        print("\n".join(lines), file=sys.stderr)
        raise SystemExit(2)

    @classmethod
    def given(cls, **values: object) -> Self:
        """Settings only from these values, without the environment and `.env`: for tests, and for
        tools that start no server.
        """

        class Given(cls):
            _ignores_environment = True

        return cast("Self", Given.model_validate(values))

    @classmethod
    def _env_file(cls) -> Path:
        return Path(os.environ.get("ENV_FILE") or cls.root / ".env")

    @property
    def production(self) -> bool:
        """Whether real people depend on this process."""
        return self.environment == "production"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The secrets in the clear, newest first, never empty: sign with the first, accept all."""
        return tuple(key.get_secret_value() for key in self.secret_key)

    @field_validator("forwarded_allow_ips")
    @classmethod
    def _check_proxies(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        # The server takes anything else for a name, which no client's address equals.
        try:
            for proxy in proxies if proxies != ("*",) else ():
                ip_network(proxy)
        except ValueError:
            raise ValueError from None
        return proxies

    @field_validator("broker_url")
    @classmethod
    def _check_broker(cls, url: str) -> str:
        if url != "memory://" and not is_url(url, {"redis", "rediss"}):
            raise ValueError
        # The client would take number 0 for a number it does not understand.
        if not re.fullmatch(r"/?|/[0-9]+", urlsplit(url).path):
            raise ValueError
        return url

    @field_validator("workers")
    @classmethod
    def _check_workers(cls, workers: int, info: ValidationInfo) -> int:
        if workers > 1 and info.data.get("broker_url") == "memory://":
            raise ValueError("1, because BROKER_URL=memory:// cannot join several processes")
        return workers

    @field_validator("secret_key")
    @classmethod
    def _check_secrets(
        cls, keys: tuple[SecretStr, ...], info: ValidationInfo
    ) -> tuple[SecretStr, ...]:
        production = info.data.get("environment") == "production"
        if not keys and not production and info.data.get("workers", 1) == 1:
            # Lasts as long as the process; `.env` is where one that stays belongs.
            return (SecretStr(secrets.token_hex(SECRET_LENGTH)),)
        plain = [key.get_secret_value() for key in keys]
        if not plain or any(len(key) < SECRET_LENGTH for key in plain):
            raise ValueError
        if production and any(is_made_up(key) for key in plain):
            raise ValueError("a random secret, not an example: `openssl rand -hex 32` makes one")
        return keys

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in _DATABASES or not rest.strip("/"):
            raise ValueError
        scheme = _DATABASES[scheme]
        if scheme == "sqlite+aiosqlite" and not rest.startswith("/:"):
            # A relative path starts at the project's root, wherever the process was started.
            path, question, query = rest.removeprefix("/").partition("?")
            return f"{scheme}:///{cls.root / path}{question}{query}"
        return f"{scheme}://{rest}"

"""The settings of sessions and their connections: `ALLOWED_*` and `SESSION_*`."""

from dataclasses import fields
from typing import Annotated, Any, Final

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from duplex.options import Options
from duplex.settings.values import RateSetting, Size, Words
from duplex.socket.origins import is_host_pattern, is_origin_pattern

Timeout = Annotated[float, Field(ge=0.1, le=300, description="seconds from 0.1 to 300")]
Connections = Annotated[
    int, Field(ge=0, le=1_000_000, description="connections from 1 to 1000000; 0 for no limit")
]
BytesOfOwner = Annotated[
    Size, Field(ge=0, le=2**34, description="a size up to 16GiB; 0 for no limit")
]

_DEFAULT: Final = Options()


class SessionSettings(BaseSettings):
    """The settings of which the engine's `Options` are made."""

    allowed_origins: Words = Field(
        default=_DEFAULT.allowed_origins,
        description="origins such as https://example.org or https://*.example.org, with commas"
        " between; empty for the page's own",
    )
    allowed_hosts: Words = Field(
        default=_DEFAULT.allowed_hosts,
        description="host names such as example.org or *.example.org, with commas between;"
        " * for any",
    )
    session_rate: RateSetting = Field(
        default=_DEFAULT.rate, description="a rate such as 50/s, 600/m or 1000/h"
    )
    session_join_rate: RateSetting = Field(
        default=_DEFAULT.join_rate, description="a rate such as 10/s, 600/m or 1000/h"
    )
    session_room_rate: RateSetting = Field(
        default=_DEFAULT.room_rate, description="a rate such as 1/s, 60/m or 1000/h"
    )
    session_max_frame: Size = Field(
        default=_DEFAULT.max_frame, ge=1024, le=64 * 2**20, description="a size from 1KiB to 64MiB"
    )
    session_hello_timeout: Timeout = _DEFAULT.hello_timeout
    session_heartbeat: Timeout = _DEFAULT.heartbeat
    session_idle: float = Field(
        default=_DEFAULT.idle,
        ge=0,
        le=7 * 86400,
        description="seconds up to 604800 (a week); 0 for never",
    )
    session_replay_count: int = Field(
        default=_DEFAULT.replay_count,
        ge=0,
        le=1_000_000,
        description="a number of messages from 0 to 1000000",
    )
    session_replay_bytes: Size = Field(
        default=_DEFAULT.replay_bytes, ge=0, le=2**30, description="a size from 0 to 1GiB"
    )
    session_replay_seconds: float = Field(
        default=_DEFAULT.replay_seconds,
        ge=0,
        le=86400,
        description="seconds from 0 to 86400 (a day)",
    )
    session_outbox_bytes: Size = Field(
        default=_DEFAULT.outbox_bytes,
        ge=16 * 1024,
        le=2**30,
        description="a size from 16KiB to 1GiB",
    )
    session_max_document: Size = Field(
        default=_DEFAULT.max_document,
        ge=1024,
        le=64 * 2**20,
        description="a size from 1KiB to 64MiB",
    )
    session_pending_bytes: BytesOfOwner = _DEFAULT.pending_bytes
    session_kept_bytes: BytesOfOwner = _DEFAULT.kept_bytes
    session_abandoned_bytes: BytesOfOwner = _DEFAULT.abandoned_bytes
    session_write_timeout: Timeout = _DEFAULT.write_timeout
    session_max_connections: Connections = _DEFAULT.max_connections
    session_max_per_user: Connections = _DEFAULT.max_per_user
    session_max_per_address: Connections = _DEFAULT.max_per_address
    session_max_unauthenticated: Connections = _DEFAULT.max_unauthenticated
    session_presence_page: int = Field(
        default=200, ge=1, le=10_000, description="a number of participants from 1 to 10000"
    )
    session_refused_contracts: Words = Field(
        default=_DEFAULT.refused_contracts,
        description="fingerprints of contracts, with commas between",
    )
    session_drain: float = Field(
        default=_DEFAULT.drain, ge=0, le=600, description="seconds from 0 to 600"
    )

    def options(self) -> Options:
        """The options of the session engine: each one has a setting of its name, with `session_` in
        front of most names.
        """
        values: dict[str, Any] = {}
        for option in fields(Options):
            allows = option.name.startswith("allowed_")
            values[option.name] = getattr(self, option.name if allows else f"session_{option.name}")
        return Options(**values)

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        kept = tuple(origin.rstrip("/").lower() for origin in origins)
        if not all(map(is_origin_pattern, kept)):
            raise ValueError
        return kept

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(is_host_pattern, hosts)):
            raise ValueError
        return tuple(host.lower() for host in hosts)

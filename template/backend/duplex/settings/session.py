"""The settings of sessions and their connections: `ALLOWED_*` and `SESSION_*`."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from duplex.options import JOIN_RATE, RATE, ROOM_RATE, Options
from duplex.settings.values import RateSetting, Size, Words
from duplex.socket.origins import is_host_pattern, is_origin_pattern

Timeout = Annotated[float, Field(ge=0.1, le=300, description="seconds from 0.1 to 300")]
Connections = Annotated[
    int, Field(ge=0, le=1_000_000, description="connections from 1 to 1000000; 0 for no limit")
]
BytesOfOwner = Annotated[
    Size, Field(ge=0, le=2**34, description="a size up to 16GiB; 0 for no limit")
]


class SessionSettings(BaseSettings):
    """The settings of which the engine's `Options` are made."""

    allowed_origins: Words = Field(
        default=(),
        description="origins such as https://example.org or https://*.example.org, with commas"
        " between; empty for the page's own",
    )
    allowed_hosts: Words = Field(
        default=(),
        description="host names such as example.org or *.example.org, with commas between;"
        " * for any",
    )
    session_rate: RateSetting = Field(
        default=RATE, description="a rate such as 50/s, 600/m or 1000/h"
    )
    session_join_rate: RateSetting = Field(
        default=JOIN_RATE, description="a rate such as 10/s, 600/m or 1000/h"
    )
    session_room_rate: RateSetting = Field(
        default=ROOM_RATE, description="a rate such as 1/s, 60/m or 1000/h"
    )
    session_max_frame: Size = Field(
        default=64 * 1024, ge=1024, le=64 * 2**20, description="a size from 1KiB to 64MiB"
    )
    session_hello_timeout: Timeout = 10.0
    session_heartbeat: Timeout = 20.0
    session_idle: float = Field(
        default=1800.0, ge=0, le=7 * 86400, description="seconds up to 604800 (a week); 0 for never"
    )
    session_replay_count: int = Field(
        default=1000, ge=0, le=1_000_000, description="a number of messages from 0 to 1000000"
    )
    session_replay_bytes: Size = Field(
        default=2**20, ge=0, le=2**30, description="a size from 0 to 1GiB"
    )
    session_replay_seconds: float = Field(
        default=120.0, ge=0, le=86400, description="seconds from 0 to 86400 (a day)"
    )
    session_outbox_bytes: Size = Field(
        default=2**20, ge=16 * 1024, le=2**30, description="a size from 16KiB to 1GiB"
    )
    session_max_document: Size = Field(
        default=2**20, ge=1024, le=64 * 2**20, description="a size from 1KiB to 64MiB"
    )
    session_pending_bytes: BytesOfOwner = 32 * 2**20
    session_abandoned_bytes: BytesOfOwner = 32 * 2**20
    session_write_timeout: Timeout = 10.0
    session_max_connections: Connections = 10_000
    session_max_per_user: Connections = 20
    session_max_per_address: Connections = 200
    session_max_unauthenticated: Connections = 1000
    session_presence_page: int = Field(
        default=200, ge=1, le=10_000, description="a number of participants from 1 to 10000"
    )
    session_refused_contracts: Words = Field(
        default=(), description="fingerprints of contracts, with commas between"
    )
    session_drain: float = Field(default=20.0, ge=0, le=600, description="seconds from 0 to 600")

    def options(self) -> Options:
        """The options of the session engine."""
        return Options(
            allowed_origins=self.allowed_origins,
            allowed_hosts=self.allowed_hosts,
            rate=self.session_rate,
            join_rate=self.session_join_rate,
            room_rate=self.session_room_rate,
            max_frame=self.session_max_frame,
            hello_timeout=self.session_hello_timeout,
            heartbeat=self.session_heartbeat,
            idle=self.session_idle,
            replay_count=self.session_replay_count,
            replay_bytes=self.session_replay_bytes,
            replay_seconds=self.session_replay_seconds,
            outbox_bytes=self.session_outbox_bytes,
            max_document=self.session_max_document,
            pending_bytes=self.session_pending_bytes,
            abandoned_bytes=self.session_abandoned_bytes,
            write_timeout=self.session_write_timeout,
            max_connections=self.session_max_connections,
            max_per_user=self.session_max_per_user,
            max_per_address=self.session_max_per_address,
            max_unauthenticated=self.session_max_unauthenticated,
            refused_contracts=self.session_refused_contracts,
            drain=self.session_drain,
        )

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

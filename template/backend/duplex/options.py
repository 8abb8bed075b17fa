"""The options of the session engine, with the defaults of the settings."""

from dataclasses import dataclass

from duplex.units import Rate

GRACE = 15.0
"""Maximum of `Options.grace`, in seconds."""

RATE = Rate(50, 1.0)
"""Requests a second."""

JOIN_RATE = Rate(600, 60.0)
"""Connections and joins of one account or address."""

ROOM_RATE = Rate(60, 60.0)
"""New sessions of one account or address."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the engine. Times are seconds, sizes bytes; a maximum of 0 means no limit.

    `Settings.options()` makes them of the `SESSION_*` settings, where each is described.
    """

    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    rate: Rate = RATE
    join_rate: Rate = JOIN_RATE
    room_rate: Rate = ROOM_RATE
    max_frame: int = 64 * 1024
    hello_timeout: float = 10.0
    heartbeat: float = 20.0
    idle: float = 1800.0
    replay_count: int = 1000
    replay_bytes: int = 2**20
    replay_seconds: float = 120.0
    outbox_bytes: int = 2**20
    max_document: int = 2**20
    abandoned_bytes: int = 32 * 2**20
    write_timeout: float = 10.0
    max_connections: int = 10_000
    max_per_user: int = 20
    max_per_address: int = 200
    max_unauthenticated: int = 1000
    refused_contracts: tuple[str, ...] = ()
    drain: float = 20.0

    @property
    def grace(self) -> float:
        """Seconds that a participant without a connection keeps its place and its streams."""
        return min(GRACE, self.replay_seconds)

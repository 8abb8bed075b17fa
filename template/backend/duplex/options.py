"""The options of the session engine and their defaults; values with a unit: `50/s`, `64KiB`."""

import re
from dataclasses import dataclass
from typing import Final, Self

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit of `count` events in `seconds`."""

    count: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `50/s`, `600/m` or `1000/h`; raises ValueError for anything else, and for zero."""
        found = re.fullmatch(r"(\d{1,9})\s*/\s*([smh])", text.strip())
        if found is None or int(found[1]) == 0:
            raise ValueError("a rate such as 50/s, 600/m or 1000/h")
        return cls(int(found[1]), _SECONDS[found[2]])

    @property
    def per_second(self) -> float:
        """Events a second."""
        return self.count / self.seconds


def parse_size(text: str) -> int:
    """Bytes from `65536`, `64KiB`, `1 MiB` or `2 MB`; raises ValueError for anything else."""
    found = re.fullmatch(r"(\d{1,15})\s*([A-Za-z]*)", text.strip())
    if found is None or found[2].upper() not in _BYTES:
        raise ValueError("a size such as 65536, 64KiB or 1MiB")
    return int(found[1]) * _BYTES[found[2].upper()]


GRACE = 15.0
"""Maximum of `Options.grace`, in seconds."""

RATE = Rate(50, 1.0)
"""Requests a second."""

JOIN_RATE = Rate(600, 60.0)
"""Connections and joins of one account or address."""

ROOM_RATE = Rate(60, 60.0)
"""New sessions of one account or address."""

YOUNG_OBJECTS: Final = 10_000
"""Number of new objects after which the garbage collector runs: more than the requests of one
moment use. With Python's 700, full passes of 30 to 80 ms came every second at 500 busy clients.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the engine. Times are seconds, sizes bytes; a maximum of 0 means no limit.

    `Settings.options()` makes them of the `SESSION_*` settings, which have the same defaults;
    `.env.example` lists them.
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
    pending_bytes: int = 32 * 2**20
    kept_bytes: int = 128 * 2**20
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

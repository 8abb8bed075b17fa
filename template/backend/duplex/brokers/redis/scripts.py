"""The Lua scripts of the Redis broker: one for each step that has to be atomic.

They are files in `lua/`. `prelude.lua`, with constants in front, is part of every script of a room.
"""

from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Final

from duplex.brokers.redis.keyspace import ROOM_KEYS
from duplex.brokers.values import Gathering, Retention
from duplex.wire import entries, holds, presence

_FOLDER: Final = Path(__file__).with_name("lua")
_OF_A_ROOM: Final = (
    "claim",
    "commit",
    "depart",
    "discard",
    "join",
    "lock",
    "present",
    "reclaim",
    "release",
    "resync",
    "settle",
    "tail",
    "unlock",
)
_GLOBAL: Final = ("broadcast", "generation", "heartbeat")

_MARGIN: Final = 600.0
"""Minimum TTL, in seconds, of a room that still has participants."""


def room_ttl(retention: Retention) -> int:
    """Milliseconds after which a room without live workers expires."""
    return round(max(_MARGIN, 2 * retention.seconds) * 1000)


@dataclass(slots=True, frozen=True)
class Script:
    """A script's text, and the SHA-1 under which the server knows it once it was loaded."""

    text: bytes
    sha: bytes


def load_scripts(retention: Retention, gathering: Gathering) -> dict[str, Script]:
    """Every script by its name, with these limits."""
    constants: dict[str, object] = {
        "COUNT": retention.count,
        "SIZE": retention.size,
        "AGE": round(retention.seconds * 1000),
        "HANDLED": round(retention.handled * 1000),
        "GRACE": round(retention.grace * 1000),
        "LIVE": room_ttl(retention),
        "PAGE": gathering.page,
        "DISPERSED": gathering.dispersed,
        "BURST": gathering.burst,
        "INTERVAL": round(gathering.interval * 1000),
        "CROWD_INTERVAL": round(gathering.crowd_interval * 1000),
        "ENTRY_VERSION": entries.VERSION,
        "ENTRY_OVERHEAD": entries.OVERHEAD,
        "JOINED": _quoted(presence.JOINED),
        "LEFT": _quoted(presence.LEFT),
        "PRESENCE": _quoted(presence.PRESENCE),
        "HELD": _quoted(holds.HELD),
        "ROOM_KEYS": "{{ {} }}".format(", ".join(f"'{name}'" for name in ROOM_KEYS)),
    }
    head = "#!lua\n" + "".join(f"local {name} = {value}\n" for name, value in constants.items())
    prelude = head + _read("prelude")
    scripts = {name: prelude + _read(name) for name in _OF_A_ROOM}
    scripts |= {name: "#!lua\n" + _read(name) for name in _GLOBAL}
    return {name: _script(text) for name, text in scripts.items()}


def _quoted(text: bytes) -> str:
    return f"'{text.decode()}'"


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text("utf-8")


def _script(text: str) -> Script:
    encoded = text.encode()
    # Not for security: the server names a script by it.
    return Script(encoded, sha1(encoded, usedforsecurity=False).hexdigest().encode())

"""The names of keys in the store, and the Lua scripts: one for each step that has to be atomic.

The scripts are sections of the files in `lua/`. The beginnings of these files, with constants in
front, are part of every script of a room.
"""

import re
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Final

from duplex.brokers.values import Gathering, Retention
from duplex.wire import announcements, entries

ROOM_KEYS: Final = (
    "log",
    "people",
    "present",
    "pending",
    "owners",
    "due",
    "open",
    "endings",
    "holds",
    "locks",
)
"""The keys of a room in addition to its hash. `room.lua` describes them."""


class Keyspace:
    """The keys and channels of one generation of the store's contents.

    `prefix` keeps projects apart. `worker_rooms`: the rooms this worker holds something in;
    `worker_channel`: messages for this worker; `control`: the stream of control messages.
    """

    __slots__ = ("base", "control", "control_channel", "worker_channel", "worker_rooms", "workers")

    def __init__(self, prefix: str, generation: str, worker: str) -> None:
        self.base = f"{prefix}:{generation}"
        self.control = f"{self.base}:control".encode()
        self.control_channel = self.control + b":events"
        self.workers = f"{self.base}:workers".encode()
        self.worker_rooms = self.rooms_of(worker)
        self.worker_channel = f"{self.base}:worker:{worker}:events".encode()

    def room(self, room: str) -> bytes:
        """The key of a room's hash; its other keys and its channel begin with it."""
        return f"{self.base}:{{{room}}}".encode()

    def channel(self, room: str) -> bytes:
        """The channel on which a room's entries are published."""
        return self.room(room) + b":events"

    def rooms_of(self, worker: str) -> bytes:
        """The set of rooms a worker holds something in."""
        return f"{self.base}:worker:{worker}:rooms".encode()

    def room_of(self, key: bytes) -> str:
        """The room of a key."""
        return key.decode()[len(self.base) + 2 :].partition("}")[0]


_FOLDER: Final = Path(__file__).with_name("lua")
_FILES: Final = ("room", "participants", "requests", "workers")

_SCRIPT: Final = re.compile(
    r"^--- script(?P<of_store> of the store)?: (?P<name>\w+)\n", re.MULTILINE
)
"""The beginning of a script in its file. Scripts of the store are not for a room."""

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
        "JOINED": _quoted(announcements.JOINED),
        "LEFT": _quoted(announcements.LEFT),
        "PRESENCE": _quoted(announcements.PRESENCE),
        "HELD": _quoted(announcements.HELD),
        "ROOM_KEYS": "{{ {} }}".format(", ".join(f"'{name}'" for name in ROOM_KEYS)),
    }
    head = "#!lua\n" + "".join(f"local {name} = {value}\n" for name, value in constants.items())
    beginnings = ""
    scripts: dict[str, tuple[bool, str]] = {}
    for file in _FILES:
        text = (_FOLDER / f"{file}.lua").read_text("utf-8")
        beginning, *sections = _SCRIPT.split(text)
        beginnings += beginning
        for of_store, name, script in zip(
            sections[::3], sections[1::3], sections[2::3], strict=True
        ):
            scripts[name] = of_store is not None, script
    return {
        name: _script(("#!lua\n" if of_store else head + beginnings) + script)
        for name, (of_store, script) in scripts.items()
    }


def _quoted(text: bytes) -> str:
    return f"'{text.decode()}'"


def _script(text: str) -> Script:
    encoded = text.encode()
    # Not for security: the server names a script by it.
    return Script(encoded, sha1(encoded, usedforsecurity=False).hexdigest().encode())

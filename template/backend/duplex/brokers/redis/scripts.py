"""The Lua scripts of the Redis broker: one for each step that has to be whole.

They are files in `lua/`. `prelude.lua`, with the limits in front, is part of every script of a
room.
"""

from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Final

from duplex.brokers.base import Keep

_FOLDER: Final = Path(__file__).with_name("lua")
_OF_A_ROOM: Final = (
    "adopt",
    "claim",
    "commit",
    "join",
    "lock",
    "part",
    "release",
    "resync",
    "tail",
    "tick",
    "unlock",
)
_OF_ALL: Final = ("beat", "era", "tell")

_MARGIN: Final = 600.0
"""Seconds a room somebody is in outlives its last sign of life, at least."""


def kept(keep: Keep) -> int:
    """Milliseconds after which a room is gone whose workers have all vanished."""
    return round(max(_MARGIN, 2 * keep.seconds) * 1000)


@dataclass(slots=True, frozen=True)
class Script:
    """A script's text, and the SHA-1 by which the server knows it once it was loaded."""

    text: bytes
    sha: bytes


def load_scripts(keep: Keep) -> dict[str, Script]:
    """Every script by its name, with these limits."""
    limits = {
        "COUNT": keep.count,
        "SIZE": keep.size,
        "AGE": round(keep.seconds * 1000),
        "HANDLED": round(keep.handled * 1000),
        "GRACE": round(keep.grace * 1000),
        "LIVE": kept(keep),
    }
    head = "#!lua\n" + "".join(f"local {name} = {value}\n" for name, value in limits.items())
    prelude = head + _read("prelude")
    scripts = {name: prelude + _read(name) for name in _OF_A_ROOM}
    scripts |= {name: "#!lua\n" + _read(name) for name in _OF_ALL}
    return {name: _script(text) for name, text in scripts.items()}


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text("utf-8")


def _script(text: str) -> Script:
    encoded = text.encode()
    # Not for secrecy: it is the name the server gives a script.
    return Script(encoded, sha1(encoded, usedforsecurity=False).hexdigest().encode())

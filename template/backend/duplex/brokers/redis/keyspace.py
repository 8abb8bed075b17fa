"""The names of keys and channels in the store."""

from typing import Final

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
"""The keys of a room in addition to its hash. `prelude.lua` describes them."""


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

"""What this process holds in the store and would have to settle after it was cut off."""

import asyncio
import secrets
from collections.abc import Generator
from contextlib import contextmanager

from duplex.brokers.base import BrokerUnavailable

Field = tuple[str, str, str]
"""A request: room, participant, request id."""


class Names:
    """The keys and channels of one era: one life of the store's contents."""

    __slots__ = ("base", "control", "heard", "own_rooms", "told", "workers")

    def __init__(self, era: str, worker: str) -> None:
        self.base = f"duplex:{era}"
        self.control = f"{self.base}:control".encode()
        self.told = self.control + b":said"
        self.workers = f"{self.base}:workers".encode()
        self.own_rooms = self.rooms_of(worker)
        self.heard = f"{self.base}:worker:{worker}:said".encode()

    def room(self, room: str) -> bytes:
        """The key of a room's hash; its other keys and its channel begin with it."""
        return f"{self.base}:{{{room}}}".encode()

    def channel(self, room: str) -> bytes:
        """Where a room's entries are published."""
        return self.room(room) + b":said"

    def rooms_of(self, worker: str) -> bytes:
        """The set of rooms a worker holds something in."""
        return f"{self.base}:worker:{worker}:rooms".encode()

    def room_of(self, key: bytes) -> str:
        """The room of a key."""
        return key.decode()[len(self.base) + 2 :].partition("}")[0]


class Books:
    """See the module. `locks`: fence and ticket of the lock held in a room. `owed`: rooms where a
    call failed whose effect is not known.
    """

    def __init__(self) -> None:
        self.worker = secrets.token_hex(8)
        self.here: dict[str, dict[str, str]] = {}
        self.claims: dict[Field, str] = {}
        self.locks: dict[str, tuple[int, str]] = {}
        self.owed: set[str] = set()
        self._count = 0
        self._granted: dict[str, asyncio.Future[None]] = {}
        self._settled: dict[Field, asyncio.Future[None]] = {}

    def number(self) -> str:
        """A name nobody else uses, which tells that it is this worker's."""
        self._count += 1
        return f"{self.worker} {self._count}"

    def arrived(self, room: str, participant: str, connection: str) -> None:
        """A participant is connected to this process."""
        self.here.setdefault(room, {})[participant] = connection

    def gone(self, room: str, participant: str, connection: str) -> None:
        """It is not any more, unless by another connection."""
        people = self.here.get(room)
        if people is not None and people.get(participant) == connection:
            del people[participant]
            if not people:
                del self.here[room]

    def claims_in(self, room: str) -> list[str]:
        """The names of this process's open claims in a room."""
        return [nonce for field, nonce in self.claims.items() if field[0] == room]

    def fence_in(self, room: str) -> int | str:
        """The fence of the lock this process holds in a room, '' for none."""
        held = self.locks.get(room)
        return "" if held is None else held[0]

    def forget(self, room: str) -> list[str]:
        """The store does not know the room any more; the participants who were here."""
        people = self.here.pop(room, {})
        self.locks.pop(room, None)
        self.owed.discard(room)
        for field in [field for field in self.claims if field[0] == room]:
            del self.claims[field]
        return list(people)

    # --- what somebody waits for

    @contextmanager
    def granted(self, ticket: str) -> Generator["asyncio.Future[None]"]:
        """Done when the store has given a lock to this ticket, or it is worth asking again."""
        future = self._granted[ticket] = asyncio.get_running_loop().create_future()
        try:
            yield future
        finally:
            del self._granted[ticket]

    def grant(self, ticket: str) -> bool:
        """A lock was given to a ticket; False when nobody waits for it here any more."""
        future = self._granted.get(ticket)
        if future is None:
            return False
        _wake(future)
        return True

    def settled(self, field: Field) -> "asyncio.Future[None]":
        """Done when the open claim of a request is closed. Shared by all who wait for it."""
        future = self._settled.get(field)
        if future is None:
            future = self._settled[field] = asyncio.get_running_loop().create_future()
        return future

    def settle(self, field: Field) -> None:
        """The open claim of a request was closed."""
        future = self._settled.pop(field, None)
        if future is not None:
            _wake(future)

    def ended(self, room: str) -> None:
        """A room is over: whoever waits for something in it shall ask again and be told."""
        for future in self._granted.values():
            _wake(future)
        for field in [field for field in self._settled if field[0] == room]:
            self.settle(field)

    def down(self, reason: str) -> None:
        """The store is out of reach: nobody's wait will end well."""
        waiting = (*self._granted.values(), *self._settled.values())
        self._settled.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(BrokerUnavailable(reason))
                # It may be that nobody waits any more; then it need not be told.
                future.exception()


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)

"""Participants and sessions that clients have left and may return to: limited for each account,
address and network.

A participant whose connection is lost, and a session that is empty, are kept for
`SESSION_REPLAY_SECONDS`. Without a bound, one client could fill the memory by opening sessions,
filling them and going away.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from duplex.socket.limits import bounds_of

_OVERHEAD: Final = 4096
"""Bytes that each participant and each session is counted with beside its content."""


@dataclass(frozen=True, slots=True)
class Place:
    """A participant who was at this connection; without one, the whole session `room`."""

    room: str
    participant: str = ""
    connection: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Identifies it, whatever its connection was."""
        return self.room, self.participant


@dataclass(frozen=True, slots=True)
class _Left:
    """One abandoned place: until when it is kept, and its bytes."""

    place: Place
    until: float
    size: int


class _Owner:
    """The abandoned places of one owner or network, the oldest first, and their bytes together."""

    __slots__ = ("places", "size")

    def __init__(self) -> None:
        self.places: OrderedDict[tuple[str, str], _Left] = OrderedDict()
        self.size = 0

    def add(self, left: _Left) -> None:
        self.places[left.place.key] = left
        self.size += left.size

    def pop(self, key: tuple[str, str]) -> _Left:
        left = self.places.pop(key)
        self.size -= left.size
        return left


class Abandoned:
    """Counts abandoned places by their owner, an account or the address of anonymous clients, and
    by the network of an address.

    `most`: the bytes of one owner, 0 for no limit. `seconds`: how long a place is kept at most.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._owners: dict[str, _Owner] = {}
        self._owner_of: OrderedDict[tuple[str, str], str] = OrderedDict()
        """In the order of their time, as all places are kept for the same time."""

    def __len__(self) -> int:
        return len(self._owner_of)

    def add(self, owner: str, place: Place, size: int, now: float) -> list[Place]:
        """A place was abandoned. Returns the oldest places of its owner and network, which exceed
        their limits.
        """
        self.remove(place)
        if not self._most:
            return []
        self._expire(now)
        left = _Left(place, now + self._seconds, size + _OVERHEAD)
        bounds = bounds_of(owner, self._most)
        for each in bounds:
            self._owners.setdefault(each, _Owner()).add(left)
        self._owner_of[place.key] = owner
        given_up: list[Place] = []
        for each, most in bounds.items():
            kept = self._owners[each]
            while kept.size > most and len(kept.places) > 1:
                oldest = next(iter(kept.places.values())).place
                given_up.append(oldest)
                self.remove(oldest)
        return given_up

    def remove(self, place: Place) -> tuple[str, int] | None:
        """The participant came back or is forgotten, or the session is open again. Returns the
        owner and the bytes that were counted; None if the place was not abandoned.
        """
        owner = self._owner_of.pop(place.key, None)
        if owner is None:
            return None
        size = 0
        for each in bounds_of(owner, self._most):
            kept = self._owners[each]
            size = kept.pop(place.key).size
            if not kept.places:
                del self._owners[each]
        return owner, size - _OVERHEAD

    def _expire(self, now: float) -> None:
        """Forget the places whose time is over, also those of owners who never come back."""
        while self._owner_of:
            key, owner = next(iter(self._owner_of.items()))
            left = self._owners[owner].places[key]
            if left.until > now:
                return
            self.remove(left.place)

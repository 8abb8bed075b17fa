"""Shared by the tests of brokers: a record of a broker's events, and entries to commit."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from duplex.brokers.base import Gathering, Join
from duplex.wire.entries import Entry, Retain

T = TypeVar("T")

UNGATHERED = Gathering(interval=0, crowd_interval=0)
"""Every change of presence is announced at once."""

PATIENCE = 60.0
"""Timeout of waits in seconds, which correct code never reaches."""


class Recorder:
    """`BrokerEvents` that records all events, in order, and wakes the tasks that wait for some."""

    def __init__(self) -> None:
        self.entries: defaultdict[str, list[Entry]] = defaultdict(list)
        self.events: list[tuple[str, ...]] = []
        self.messages: list[Mapping[str, str]] = []
        self._changed = asyncio.Event()

    def seqs(self, room: str) -> list[int]:
        """The numbers delivered of a room, in order."""
        return [entry.seq for entry in self.entries[room]]

    def states(self, room: str) -> list[str]:
        """The states delivered of a room, in order."""
        return [entry.state for entry in self.entries[room]]

    def heads(self, room: str) -> list[bytes]:
        """The messages delivered of a room, without presence."""
        return [one.head for one in self.entries[room] if one.state not in ("joined", "left")]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the recorded events make this true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _note(self, *what: str) -> None:
        self.events.append(what)
        self._changed.set()

    def deliver(self, room: str, entries: Sequence[Entry]) -> None:
        self.entries[room].extend(entries)
        self._changed.set()

    def left(self, room: str, participant: str) -> None:
        seen = len(self.entries[room])
        self._note("left", room, participant, f"after {seen}")

    def taken_over(self, room: str, participant: str, connection: str) -> None:
        self._note("taken_over", room, participant, connection)

    def lost(self, room: str) -> None:
        self._note("lost", room)

    def control(self, message: Mapping[str, str]) -> None:
        self.messages.append(message)
        self._changed.set()

    def down(self, reason: str) -> None:
        self._note("down")

    def up(self) -> None:
        self._note("up")


def join_request(room: str, participant: str, **more: object) -> Join:
    """The join of a new participant; `more`: other fields of `Join`."""
    fields: dict[str, object] = {
        "name": participant.title(),
        "user": None,
        "connection": f"{participant}-1",
        "token_hash": f"{participant}-token",
        "seed": b"{}",
    }
    return Join(room, participant, **(fields | more))  # pyright: ignore[reportArgumentType]


def message(
    text: str,
    sender: str = "ada",
    *,
    state: str = "say",
    request_id: str | None = None,
    retain: Retain = "all",
    private: bool = False,
    closes: bool = False,
    more: bool = False,
) -> Entry:
    """A room message, or a private one, as a handler's reply would be."""
    head = f'{{"state":"{state}","data":{json.dumps(text)}'.encode()
    return Entry(state, head, sender, request_id, more, retain, closes, private)


async def eventually(ask: Callable[[], Awaitable[T]], expected: Callable[[T], bool]) -> T:
    """Repeat a query until its result is right, for changes without an event, such as an expiry."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await ask()
            if expected(answer):
                return answer
            await asyncio.sleep(0.02)

"""The claims, locks and participants that this process holds in the store, and their releases.

After a disconnection they have to be compared with the store. A claim, lock or presence that is not
released would block others until its lease ends. A release that failed is therefore tried again
after each reconnect and with each heartbeat. Every script of a release has no effect when somebody
else holds what it releases.

A timer runs for each room in which a grace or resume token ends, or an announcement is due.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

from duplex.brokers.base import BrokerUnavailable
from duplex.brokers.redis.link import Answer

RequestKey = tuple[str, str, str]
"""A request: room, participant, request id."""


class Holdings:
    """See the module. `connected`: room -> participant -> connection. `locks`: fence and ticket of
    the lock held in a room. `unsettled`: rooms in which a call failed whose effect is not known.
    """

    def __init__(self) -> None:
        self.worker = ""
        self.rename()
        self.connected: dict[str, dict[str, str]] = {}
        self.claims: dict[RequestKey, str] = {}
        self.locks: dict[str, tuple[int, str]] = {}
        self.unsettled: set[str] = set()
        self._count = 0
        self._granted: dict[str, asyncio.Future[None]] = {}
        self._closed: dict[RequestKey, asyncio.Future[None]] = {}

    def rename(self) -> None:
        """Take a new name: processes that are forked from one must not share it."""
        self.worker = secrets.token_hex(8)

    def nonce(self) -> str:
        """A unique name that begins with this worker's."""
        self._count += 1
        return f"{self.worker} {self._count}"

    def add_participant(self, room: str, participant: str, connection: str) -> None:
        """A participant is connected to this process."""
        self.connected.setdefault(room, {})[participant] = connection

    def remove_participant(self, room: str, participant: str, connection: str) -> None:
        """A participant is no longer connected by this connection."""
        participants = self.connected.get(room)
        if participants is not None and participants.get(participant) == connection:
            del participants[participant]
            if not participants:
                del self.connected[room]

    def claims_in(self, room: str) -> list[str]:
        """The nonces of this process's open claims in a room."""
        return [nonce for key, nonce in self.claims.items() if key[0] == room]

    def fence_in(self, room: str) -> str:
        """The fence of the lock this process holds in a room, '' for none."""
        held = self.locks.get(room)
        return "" if held is None else str(held[0])

    def forget(self, room: str) -> list[str]:
        """The store does not know the room any more; the participants that were connected here."""
        participants = self.connected.pop(room, {})
        self.locks.pop(room, None)
        self.unsettled.discard(room)
        for key in [key for key in self.claims if key[0] == room]:
            del self.claims[key]
        return list(participants)

    # --- tasks that wait for the store

    @contextmanager
    def granted(self, ticket: str) -> Generator["asyncio.Future[None]"]:
        """Done when the store has given a lock to this ticket, or asking again makes sense."""
        future = self._granted[ticket] = asyncio.get_running_loop().create_future()
        try:
            yield future
        finally:
            del self._granted[ticket]

    def grant(self, ticket: str) -> bool:
        """A lock was given to a ticket; False when no task waits for it any more."""
        future = self._granted.get(ticket)
        if future is None:
            return False
        _wake(future)
        return True

    def closed(self, key: RequestKey) -> "asyncio.Future[None]":
        """Done when the open claim of a request is closed. Shared by all tasks that wait for it."""
        future = self._closed.get(key)
        if future is None:
            future = self._closed[key] = asyncio.get_running_loop().create_future()
        return future

    def close(self, key: RequestKey) -> None:
        """The open claim of a request was closed."""
        future = self._closed.pop(key, None)
        if future is not None:
            _wake(future)

    def ended(self, room: str) -> None:
        """A room ended: tasks that wait for something in it ask again and get the answer."""
        for future in self._granted.values():
            _wake(future)
        for key in [key for key in self._closed if key[0] == room]:
            self.close(key)

    def down(self, reason: str) -> None:
        """The store is unreachable: all waiting tasks fail."""
        waiting = (*self._granted.values(), *self._closed.values())
        self._closed.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(BrokerUnavailable(reason))
                # Retrieved here, because perhaps no task waits any more.
                future.exception()


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


Run = Callable[..., Awaitable[Answer]]


class PendingReleases:
    """See the module. `run` runs a script of a room."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._pending: dict[tuple[str, ...], None] = {}

    async def release(self, script: str, room: str, *arguments: str) -> Answer:
        """Release something. If the store is unreachable, raise `BrokerUnavailable` and retry
        later.
        """
        call = (script, room, *arguments)
        try:
            answer = await self._run(*call)
        except BrokerUnavailable:
            self._pending[call] = None
            raise
        self._pending.pop(call, None)
        return answer

    async def retry(self) -> None:
        """Deliver all pending releases. Raises `BrokerUnavailable`."""
        for call in list(self._pending):
            await self.release(*call)


class RoomTimers:
    """`settle` is called with the room when its next deadline has come."""

    def __init__(self, settle: Callable[[str], None]) -> None:
        self._settle = settle
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def schedule(self, room: str, ms: int) -> None:
        """Settle a room in at most so many milliseconds; negative: nothing is due."""
        if ms < 0:
            return
        loop = asyncio.get_running_loop()
        # Spread over the workers that follow the room: the first one does all the work.
        at = loop.time() + ms / 1000 + random.uniform(0.001, 0.01)
        timer = self._timers.get(room)
        if timer is not None:
            if timer.when() <= at:
                return
            timer.cancel()
        self._timers[room] = loop.call_at(at, self._due, room)

    def _due(self, room: str) -> None:
        del self._timers[room]
        self._settle(room)

    def stop(self) -> None:
        """Cancel all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

"""Gathers the changes of presence of one room into announcements."""

import asyncio
from collections.abc import Callable, Collection

from duplex.brokers.values import Gathering
from duplex.wire import presence
from duplex.wire.entries import Entry
from duplex.wire.presence import Change, Presence


class Gatherer:
    """Announces changes at the rate of `Gathering`. `present` is the room's live list.

    The last change of each participant is announced, even if the result is as before: a newcomer
    may have received the list in between. `prelude.lua` does the same for rooms in Redis.
    """

    __slots__ = ("_announce", "_crowd", "_pending", "_present", "_rules", "_slot", "_timer")

    def __init__(
        self,
        rules: Gathering,
        present: Callable[[], Collection[Presence]],
        announce: Callable[[Entry], None],
    ) -> None:
        self._rules = rules
        self._present = present
        self._announce = announce
        self._pending: dict[str, tuple[Change, Presence]] = {}
        self._slot = 0.0
        self._crowd = False
        self._timer: asyncio.TimerHandle | None = None

    def add(self, change: Change, one: Presence) -> None:
        """A participant became present, or is present no more."""
        self._pending.pop(one.participant, None)
        self._pending[one.participant] = (change, one)
        self._settle()

    def stop(self) -> None:
        """Announce nothing any more."""
        self._pending.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _settle(self) -> None:
        """Announce now if the pace allows it, else later. An empty room has no reason to wait."""
        if self._timer is not None and self._present():
            return
        total = len(self._present())
        if total > self._rules.page:
            self._crowd = True
        loop = asyncio.get_running_loop()
        wait = self._wait(loop.time())
        if wait <= 0 or total == 0:
            self._flush()
        else:
            self._timer = loop.call_later(wait, self._flush)

    def _wait(self, now: float) -> float:
        rules = self._rules
        if self._crowd:
            return self._slot - now
        return self._slot - now - (rules.burst - 1) * rules.interval

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending, self._pending = self._pending, {}
        if not pending:
            return
        rules = self._rules
        present = self._present()
        crowded = self._crowd or len(present) > rules.page
        self._crowd = crowded and len(present) > rules.dispersed
        pace = rules.crowd_interval if self._crowd else rules.interval
        self._slot = max(self._slot, asyncio.get_running_loop().time()) + pace
        departed = tuple(name for name, (change, _) in pending.items() if change == "left")
        if self._crowd:
            self._announce(presence.number(len(present), departed))
        elif crowded:
            listing = (one.data() for one in present)
            self._announce(presence.everybody(listing, len(present), departed))
        else:
            self._announce(_changes(pending, len(present), departed))


def _changes(
    pending: dict[str, tuple[Change, Presence]], total: int, departed: tuple[str, ...]
) -> Entry:
    if len(pending) == 1:
        ((change, one),) = pending.values()
        return presence.change(change, one.data(), departed)
    joined = [one.data() for change, one in pending.values() if change == "joined"]
    left = [one.data() for change, one in pending.values() if change == "left"]
    return presence.changes(joined, left, total, departed)

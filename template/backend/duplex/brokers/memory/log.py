"""The replay log of one room, bounded by count, bytes and age."""

from collections import OrderedDict

from duplex.brokers.values import Retention
from duplex.wire.entries import Entry


class Log:
    """Entries that a participant may still ask for, oldest first.

    `gap` is the newest number that had to be kept and is not any more: a participant that saw less
    cannot catch up from here. Messages that their state does not retain never count as missing.
    """

    __slots__ = ("_entries", "_latest", "_retention", "_size", "gap", "seq")

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._latest: dict[str, int] = {}
        self._size = 0
        self.seq = 0
        self.gap = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size

    def append(self, entry: Entry, now: float) -> None:
        """Number an entry and keep it as its state declares; drop what exceeds a bound."""
        self.seq += 1
        entry.seq = self.seq
        entry.at = now
        if entry.retain == "none":
            return
        if entry.retain == "latest":
            former = self._latest.get(entry.state)
            if former is not None:
                self._remove(former)
            self._latest[entry.state] = entry.seq
        self._entries[entry.seq] = entry
        self._size += entry.size()
        self.trim(now)

    def trim(self, now: float) -> None:
        """Drop the oldest entries until every bound holds."""
        retention, entries = self._retention, self._entries
        oldest_allowed = now - retention.seconds
        while entries:
            seq, entry = next(iter(entries.items()))
            if (
                len(entries) <= retention.count
                and self._size <= retention.size
                and entry.at >= oldest_allowed
            ):
                return
            self._remove(seq)
            self.gap = seq

    def after(self, seq: int, now: float) -> list[Entry] | None:
        """All entries newer than `seq`, or None when some of them are no longer kept or `seq` was
        never assigned.
        """
        self.trim(now)
        if seq < self.gap or seq > self.seq:
            return None
        newer: list[Entry] = []
        for entry in reversed(self._entries.values()):
            if entry.seq <= seq:
                break
            newer.append(entry)
        newer.reverse()
        return newer

    def _remove(self, seq: int) -> None:
        entry = self._entries.pop(seq)
        self._size -= entry.size()
        if self._latest.get(entry.state) == seq:
            del self._latest[entry.state]

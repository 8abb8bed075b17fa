"""The handled requests of one participant, with their replies."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from duplex.brokers.values import Claim, Retention
from duplex.wire.entries import Entry


@dataclass(slots=True)
class _Record:
    at: float
    reply: Entry | None = None
    open: bool = False
    fallback: Entry | None = None
    endings: list[Entry] = field(default_factory=list[Entry])
    awaited: asyncio.Event | None = None

    def close(self) -> None:
        self.open = False
        if self.awaited is not None:
            self.awaited.set()


class Handled:
    """Request ids, kept for `Retention.handled` seconds; their replies up to `Retention.size`
    bytes, the oldest dropped first.
    """

    __slots__ = ("_records", "_retention", "_size")

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._records)

    async def claim(self, request_id: str, wait: float) -> Claim:
        """Claim an id, waiting up to `wait` seconds for an open claim of it to be settled."""
        loop = asyncio.get_running_loop()
        self._trim(loop.time())
        record = self._records.get(request_id)
        if record is not None and record.open:
            if record.awaited is None:
                record.awaited = asyncio.Event()
            try:
                async with asyncio.timeout(wait):
                    await record.awaited.wait()
            except TimeoutError:
                return Claim("busy")
            record = self._records.get(request_id)
        if record is None:
            self._records[request_id] = _Record(loop.time(), open=True)
            return _NEW
        return Claim("busy") if record.open else Claim("done", record.reply)

    def settle(self, request_id: str, reply: Entry, now: float) -> None:
        """The request was answered with `reply`."""
        record = self._records.pop(request_id, None)
        if record is not None and record.open:
            record.close()
        elif record is not None and record.reply is not None:
            self._size -= record.reply.size()
        self._records[request_id] = _Record(now, reply)
        self._size += reply.size()
        if self._size > self._retention.size:
            self._forget_replies()

    def begun(self, request_id: str, fallback: Entry, endings: list[Entry]) -> None:
        """The claimed request has begun: see `Commit.settles`."""
        record = self._records.get(request_id)
        if record is not None and record.open:
            record.fallback, record.endings = fallback, endings

    def release(self, request_id: str) -> list[Entry]:
        """The claim is released: unless it had `begun`, the request may run again. The entries that
        end it.
        """
        record = self._records.get(request_id)
        if record is None or not record.open:
            return []
        if record.fallback is not None:
            outcome = record.endings[-1] if record.endings else record.fallback
            self.settle(request_id, outcome, record.at)
            return record.endings
        del self._records[request_id]
        record.close()
        return []

    def _trim(self, now: float) -> None:
        oldest = now - self._retention.handled
        while self._records:
            request_id, record = next(iter(self._records.items()))
            if record.at >= oldest or record.open:
                return
            del self._records[request_id]
            if record.reply is not None:
                self._size -= record.reply.size()

    def _forget_replies(self) -> None:
        for record in self._records.values():
            if record.reply is not None:
                self._size -= record.reply.size()
                record.reply = None
                if self._size <= self._retention.size:
                    return


_NEW = Claim("new")

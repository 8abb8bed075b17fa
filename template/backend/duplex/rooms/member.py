"""A participant as this process knows it: its connection, while it has one, and its requests."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from duplex.identity import Identity
from duplex.options import Rate
from duplex.requests.documents import DocumentCache
from duplex.requests.outcomes import SENTENCES
from duplex.requests.queue import RequestQueue
from duplex.requests.runner import Runner
from duplex.socket.connection import Connection
from duplex.socket.pending import PART, Kept
from duplex.wire.entries import Entry, Frame, skipped
from duplex.wire.messages import Rejected, error
from duplex.wire.protocol import REQUESTS_IN_FLIGHT, Close, ErrorCode
from duplex.wire.requests import Request


class Member:
    """One participant of a room (a `Requester` and a `ConnectedParticipant`).

    `epoch` identifies the life of the session, `seen` is the number of the last room message that
    its connection received, `hidden` that of a later one which is not for it. `missed` counts the
    bytes of its own messages that no connection has received here. `resumed`: it was at another
    process before, where its streams may still run. `moved`: it is at another process now.
    `returned`: it has had another connection before, so its client may have sent requests again.
    `put_away`: its page announced that it may resume. `kept` counts the bytes that are kept
    for it, `owner` is the account or address of its connection.
    """

    __slots__ = (
        "_expiry",
        "_returned",
        "_runner",
        "connection",
        "connection_id",
        "documents",
        "epoch",
        "hidden",
        "id",
        "identity",
        "kept",
        "missed",
        "moved",
        "name",
        "owner",
        "put_away",
        "requests",
        "resumed",
        "returned",
        "room_id",
        "seen",
        "token",
    )

    def __init__(
        self,
        room_id: str,
        documents: DocumentCache,
        epoch: str,
        participant: str,
        name: str,
        identity: Identity,
        runner: Runner,
        kept: Kept,
    ) -> None:
        self.room_id = room_id
        self.documents = documents
        self.epoch = epoch
        self.id = participant
        self.name = name
        self.identity = identity
        self.token = ""
        self.connection: Connection | None = None
        self.connection_id = ""
        self.owner = ""
        self.kept = kept
        self.seen = 0
        self.hidden = 0
        self.missed = 0
        self.resumed = False
        self.returned = False
        self.moved = False
        self.put_away = False
        self.requests = RequestQueue(partial(runner.run, self), runner.starts)
        self._runner = runner
        self._returned: asyncio.Event | None = None
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def connected(self) -> bool:
        """Whether the participant has a connection at this process."""
        return self.connection is not None

    def replace_connection(self, connection: Connection | None) -> None:
        """The participant is now at `connection` (None: at another process). Its former connection
        is closed.
        """
        former, self.connection = self.connection, connection
        if connection is not None:
            self.returned = self.resumed or self.connection_id != ""
            self.connection_id = connection.id
            self.owner = connection.owner
        self.moved = connection is None
        self.resumed = self.resumed or self.moved
        self.put_away = False
        self.hidden = self.missed = 0
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if self._returned is not None:
            self._returned.set()
            self._returned = None
        if former is not None:
            former.participant = None
            former.close(Close.REPLACED, "This participant was resumed by another connection.")

    def expire_after(self, seconds: float, expired: Callable[[], None]) -> None:
        """Call `expired` unless the participant resumes before, here or at another process."""
        if self._expiry is None:
            self._expiry = asyncio.get_running_loop().call_later(seconds, expired)

    # --- sending

    def frame(self, entry: Entry) -> Frame:
        """An entry as this member receives it."""
        if entry.private or entry.sender == self.id:
            # The reply to an own request is never dropped, whatever its state retains.
            return Frame(entry.for_sender(), "all", entry.state, entry.seq)
        return Frame(entry.for_others(), entry.retain, entry.state, entry.seq)

    def receive(self, entry: Entry) -> None:
        """Send a room message, unless the member has it already or it is for another one."""
        if self.connection is None:
            if entry.sender == self.id:
                self.missed += entry.size()
        elif entry.seq > self.seen:
            if not self.may_read(entry):
                self.hidden = entry.seq
                return
            self.seen = entry.seq
            if self.hidden:
                self.connection.push(skipped(self.hidden))
                self.hidden = 0
            if entry.sender == self.id:
                self.answer(self.connection, entry)
            else:
                self.connection.push(self.frame(entry))

    def answer(self, connection: Connection, entry: Entry) -> None:
        """Send a message of an own request. Where it is the last one, it also answers the copies of
        the request that its client has sent again and that still wait.
        """
        connection.answer(Frame(entry.for_sender(), "all", entry.state, entry.seq))
        if self.returned and not entry.more and entry.request_id is not None:
            self.requests.remove(entry.request_id)

    def may_read(self, entry: Entry) -> bool:
        """Whether a room message is for this member."""
        return not entry.private or entry.sender == self.id

    def push(self, entry: Entry, asked: int | None = None) -> None:
        """Send a private message or a recorded reply, if there is a connection. A reply that comes
        as a room message, later or since `asked` was the last one seen, is not sent twice.
        """
        if self.connection is not None and entry.seq <= (self.seen if asked is None else asked):
            self.answer(self.connection, entry)

    def keep(self, size: int) -> None:
        """Count the bytes of an outcome that was recorded for this participant."""
        self.kept.add(size)

    def error(self, sentence: str, code: ErrorCode, request_id: str | None) -> None:
        """Send an error, if there is a connection."""
        if self.connection is not None:
            self.connection.answer(Frame(error(sentence, code, request_id)))

    async def drained(self, mark: int) -> None:
        """Wait until at most `mark` bytes wait for the participant: in its connection's outbox, or
        while it has no connection, for its return.
        """
        while self.connection is None and not self.moved and self.missed > mark:
            if self._returned is None:
                self._returned = asyncio.Event()
            await self._returned.wait()
        if self.connection is not None:
            await self.connection.drained(mark)

    # --- requests

    def admit(self, request: Request, now: float) -> None:
        """Check that the participant may send this now, and count it. Raises `Rejected`."""
        state = self._runner.states[request.state]
        if state.allow is not None and not state.allow(self.identity):
            raise _rejected(request, f"You may not send {state.name}.", "forbidden")
        if state.limit is not None and not self._take(state.name, state.limit, now):
            raise _rejected(request, f"You send {state.name} too often.", "too_fast")
        unanswered = len(self.requests)
        if unanswered >= REQUESTS_IN_FLIGHT or (unanswered and not self._fits(request)):
            raise _rejected(request, "Too many requests are unanswered.", "too_many")
        if not state.closes and not self.kept.may_grow(self.owner, request.size, now):
            sentence = "Your open sessions keep too much data. Close some, or wait a few minutes."
            raise _rejected(request, sentence, "too_many")

    def _fits(self, request: Request) -> bool:
        """Whether one more request may wait, by the bytes of all of its owner's."""
        if request.size * REQUESTS_IN_FLIGHT <= PART or self.connection is None:
            return True
        size = self.requests.pending + request.size
        return self.connection.shared.fits(self.owner, self.requests, size)

    def _take(self, state: str, limit: Rate, now: float) -> bool:
        """Count a request against its state's own limit."""
        return self.connection is None or self.connection.allowance.take_state(state, limit, now)

    def ask(self, request: Request) -> None:
        """Handle a request after all requests that came before it."""
        self.requests.add(request)

    def cancel(self, request_id: str) -> None:
        """Stop a request or stream, whichever worker runs it."""
        stopped = self.requests.stop(request_id)
        waiting = None if stopped else self.requests.remove(request_id)
        if not self.resumed:
            if waiting is not None:
                self.error(SENTENCES["cancelled"], "cancelled", request_id)
        elif waiting is not None:
            # It was sent again, perhaps, and runs where the participant was before.
            self._runner.cancel_waiting(self, waiting)
        else:
            self._runner.cancel_elsewhere(self, request_id)

    async def list_participants(self, after: str | None, request_id: str | None) -> bytes:
        """A page of the room's participants, as the data of a reply. Raises `Rejected`."""
        return await self._runner.list_participants(self, after, request_id)

    async def end_streams(self, why: ErrorCode, patience: float) -> None:
        """Stop all streams and wait, at most `patience` seconds, until their end is committed or
        they are left behind.
        """
        self.requests.end_streams(why)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.requests.without_streams()

    async def finished(self) -> None:
        """Wait until none of its requests runs any more, streams included."""
        await self.requests.finished()

    def end(self, code: int, reason: str) -> None:
        """The participant is no longer in the session: nothing more is handled, and the connection
        is closed after the frames that it still has to send.
        """
        self.kept.over = True
        self.requests.clear()
        self.requests.end_streams()
        if self._returned is not None:
            self._returned.set()
        if self._expiry is not None:
            self._expiry.cancel()
        if self.connection is not None:
            self.connection.close(code, reason)


def _rejected(request: Request, sentence: str, code: ErrorCode) -> Rejected:
    return Rejected(sentence, code, request.id, {"state": request.state})

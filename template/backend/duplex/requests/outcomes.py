"""The answers to requests: replies, the pieces and ends of streams, and errors.

For any failure of a handler its sender receives an error, which is recorded like a reply, and the
session continues. Exceptions are logged with a reference; the client receives only the reference.
"""

import asyncio
import logging
import secrets
from contextlib import suppress

from pydantic import BaseModel, JsonValue

from duplex.brokers.base import Broker, BrokerUnavailable, LockLost, RoomGone
from duplex.requests.queue import Requester
from duplex.requests.running import Running
from duplex.requests.session import Session
from duplex.requests.states import AnyState
from duplex.tasks import cancellations, is_current, uncancel
from duplex.wire.entries import Entry
from duplex.wire.messages import DocumentTooLarge, Refused, error_head, head
from duplex.wire.protocol import ErrorCode, StreamEnd
from duplex.wire.requests import Request

logger = logging.getLogger("duplex")

SENTENCES: dict[ErrorCode, str] = {
    "cancelled": "The request was cancelled.",
    "interrupted": "The stream was interrupted. No further replies follow.",
    "deadline": "The request took too long and was stopped.",
    "broker_unavailable": "The session store is not reachable. Try again.",
    "conflict": "Another participant changed the session at the same time. Try again.",
}
"""Error messages for clients, by error code."""

_ENDS: dict[ErrorCode, StreamEnd] = {"cancelled": "cancelled", "interrupted": "interrupted"}
"""How a stream ended, by the code of its error; any other one means that it failed."""


class Failures:
    """Answers requests that failed."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def answer(
        self,
        requester: Requester,
        running: Running,
        session: Session[BaseModel],
        error: BaseException,
        *,
        stopping: bool,
    ) -> None:
        """Answer a request that raised; `stopping`: the process ends.

        `SystemExit` or a cancellation that the handler itself caused must not end other requests,
        so only two exceptions are raised again: the cancellation of the task at the end of the
        process, and the closing of its coroutine, which cannot await.
        """
        if isinstance(error, GeneratorExit) and not is_current(running.task):
            raise error
        if running.left_behind:
            return
        running.seal()
        why = running.stopped
        try:
            if not isinstance(error, asyncio.CancelledError):
                await self.fail(requester, running, session, error)
            elif why is not None:
                await self.refuse(requester, running, session, SENTENCES[why], why)
            elif stopping and cancellations():
                raise error
            else:
                uncancel()
                await self.fail(requester, running, session, error)
        finally:
            await session.end()

    async def fail(
        self,
        requester: Requester,
        running: Running,
        session: Session[BaseModel],
        error: BaseException,
    ) -> None:
        if isinstance(error, Refused):
            await self.refuse(
                requester, running, session, error.sentence, error.code, error.details
            )
        elif isinstance(error, RoomGone):
            requester.error("The session has ended.", "conflict", running.request.id)
        elif isinstance(error, BrokerUnavailable):
            await self._unhandled(requester, running, "broker_unavailable")
        elif isinstance(error, LockLost):
            await self._unhandled(requester, running, "conflict")
        else:
            reference = secrets.token_hex(4)
            logger.error("%s failed (reference %s)", running.state.where, reference, exc_info=error)
            sentence = f"The request failed on the server (reference {reference})."
            await self.refuse(requester, running, session, sentence, "internal")

    async def _unhandled(self, requester: Requester, running: Running, code: ErrorCode) -> None:
        """Nothing was changed: the same request, with the same id, may be sent again. A stream that
        had begun is ended by the broker instead.
        """
        await self._release(requester, running)
        if not running.begun:
            requester.error(SENTENCES[code], code, running.request.id)
        if not requester.connected:
            # The sender gets no error, so the requests behind this one must not be handled before
            # it: the client sends all that have an id again when it is back.
            requester.requests.clear(keep_without_id=True)

    async def _release(self, requester: Requester, running: Running) -> None:
        """Release the claim, and with it what the request holds. While the store is unreachable
        the broker retries later.
        """
        if running.claim is not None:
            with suppress(BrokerUnavailable):
                await self._broker.release(requester.room_id, requester.id, running.claim)

    async def refuse(
        self,
        requester: Requester,
        running: Running,
        session: Session[BaseModel],
        sentence: str,
        code: ErrorCode,
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        """Answer with an error that is recorded like a reply: the request is not handled again when
        it is sent again. The error of a stream is numbered like its pieces, and other participants
        who received pieces get its end.
        """
        request = running.request
        outcome = error_reply(requester, request, sentence, code, details)
        entries: list[Entry] = []
        if running.published:
            how = _ENDS.get(code, "failed")
            entries += end_for_others(running.state, requester, request, how)
        if running.state.streams:
            entries.append(outcome)
        recorded = await self._recorded(requester, running, session, entries, outcome)
        if not entries or not (recorded or running.begun):
            requester.push(outcome)

    async def _recorded(
        self,
        requester: Requester,
        running: Running,
        session: Session[BaseModel],
        entries: list[Entry],
        outcome: Entry,
    ) -> bool:
        """Commit the outcome of a failed request with the changes of its cleanup, or without them
        if they cannot be committed.
        """
        cleaned_up = session.cleaned_up
        try:
            try:
                await session.fail(entries, outcome)
            except (LockLost, DocumentTooLarge, ValueError, TypeError):
                if not cleaned_up:
                    # Another worker has taken the request over, and answers it.
                    raise
                logger.exception("the changes of the cleanup of %s are lost", running.state.where)
                session.drop()
                await session.fail(entries, outcome)
            except RoomGone:
                # Its sender is forgotten already, the other participants are not.
                if not running.published:
                    raise
                await session.fail(entries, None)
        except (BrokerUnavailable, LockLost, RoomGone):
            logger.info("the outcome of %s could not be recorded", running.request.state)
            await self._release(requester, running)
            return False
        return True


def error_reply(
    requester: Requester,
    request: Request,
    sentence: str,
    code: ErrorCode,
    details: dict[str, JsonValue] | None = None,
) -> Entry:
    """An error as the reply to a request."""
    about: JsonValue = {"state": request.state, **(details or {})}
    return Entry(
        request.state,
        error_head(sentence, code, about),
        sender=requester.id,
        request_id=request.id,
        private=True,
    )


def reply(
    state: AnyState, requester: Requester, request: Request, value: object, *, more: bool
) -> Entry:
    """A reply, or a piece of a stream."""
    return _message(state, requester, request, state.head(value), more=more)


def end(state: AnyState, requester: Requester, request: Request, how: StreamEnd) -> Entry:
    """The last message of a stream, with how it ended."""
    beginning = b'%b,"ended":"%b"' % (head(state.name, b"null"), how.encode())
    return _message(state, requester, request, beginning, more=False)


def end_for_others(
    state: AnyState, requester: Requester, request: Request, how: StreamEnd
) -> list[Entry]:
    """The last message of a stream that failed, if others received its pieces. For its sender the
    error is the end, so it has no id.
    """
    if state.to == "sender":
        return []
    last = end(state, requester, request, how)
    last.request_id = None
    return [last]


def _message(
    state: AnyState, requester: Requester, request: Request, beginning: bytes, *, more: bool
) -> Entry:
    return Entry(
        state.name,
        beginning,
        requester.id,
        request.id,
        more,
        state.retained,
        state.closes,
        state.private,
    )

"""Runs one request: claims it, calls its handler within the deadline, commits and replies.

Whatever a handler does, its sender gets a reply or an error, and the session goes on. Exceptions
are logged with a reference; the client gets the reference only.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, JsonValue

from duplex.brokers.base import BrokerUnavailable, Commit, LockLost, RoomGone
from duplex.requests.deadlines import Deadlines
from duplex.requests.registry import AnyState
from duplex.requests.requester import Requester
from duplex.requests.running import Running
from duplex.requests.session import Services, Session
from duplex.tasks import BackgroundTasks
from duplex.wire.entries import Entry
from duplex.wire.errors import Refused, Rejected
from duplex.wire.messages import error_head, head
from duplex.wire.protocol import ErrorCode
from duplex.wire.requests import Request

logger = logging.getLogger("duplex")

_SENTENCES: dict[ErrorCode, str] = {
    "cancelled": "The request was cancelled.",
    "interrupted": "The stream was interrupted. No further replies follow.",
    "deadline": "The request took too long and was stopped.",
    "broker_unavailable": "The session store is not reachable. Try again.",
    "conflict": "Another participant changed the session at the same time. Try again.",
}

_END = object()
"""In place of a value: the end of a stream."""

_STREAM_AHEAD = 65536
"""Bytes that may wait for a stream's own reader before its next piece is computed."""


class Runner:
    """Handles the requests of this process's participants."""

    def __init__(self, services: Services) -> None:
        self.registry = services.registry
        self._services = services
        self._deadlines = Deadlines()
        self._tasks = BackgroundTasks()

    async def run(self, requester: Requester, request: Request) -> None:
        """Handle one request; a stream is only started. Raises only the cancellation of its own
        task.
        """
        task = asyncio.current_task()
        state = self.registry[request.state]
        running = requester.requests.running = Running(request, state, task)
        deadline = self._deadlines.of(state.deadline)
        deadline.begin(running)
        try:
            if request.id is not None and not await self._claimed(requester, running, request.id):
                return
            if state.streams:
                await self._start_stream(requester, request, state)
            else:
                await self._answer(requester, running)
        except BaseException as error:
            await self._ended_by(requester, running, error)
        finally:
            deadline.end(running)
            if running.stopped is not None and task is not None:
                # The next request runs in the same task.
                task.uncancel()
            requester.requests.running = None

    def cancel_elsewhere(self, requester: Requester, request_id: str) -> None:
        """Stop a stream of this participant at the worker that runs it."""
        self._tasks.spawn(self._cancel_elsewhere(requester, request_id))

    async def _cancel_elsewhere(self, requester: Requester, request_id: str) -> None:
        message = {"room": requester.room_id, "participant": requester.id, "request": request_id}
        try:
            await self._services.broker.broadcast({"kind": "cancel", **message})
        except BrokerUnavailable:
            logger.info("the store is not reachable: a stream at another worker is not cancelled")

    async def list_participants(
        self, requester: Requester, after: str | None, request_id: str | None
    ) -> bytes:
        """A page of the room's participants, as the data of a reply. Raises `Rejected`."""
        try:
            page = await self._services.broker.page(requester.room_id, after)
        except BrokerUnavailable:
            sentence = _SENTENCES["broker_unavailable"]
            raise Rejected(sentence, "broker_unavailable", request_id) from None
        except ValueError:
            raise Rejected("`after` is not from a page.", "bad_frame", request_id) from None
        return page.data()

    async def stop(self) -> None:
        """Cancel the running streams, for the end of the process."""
        await self._tasks.stop()

    async def _claimed(self, requester: Requester, running: Running, request_id: str) -> bool:
        """Whether the request is to be handled; else it was answered with its recorded outcome."""
        requests, state = requester.requests, running.state
        if request_id in requests.elsewhere or any(
            stream.request.id == request_id for stream in requests.streams
        ):
            return False
        # The pieces of such a stream arrive as room messages: no need to wait for its end.
        published = state.streams and state.to == "everybody"
        claim = await self._services.broker.claim(
            requester.room_id, requester.id, request_id, 0 if published else state.deadline
        )
        if claim.outcome == "new":
            return True
        if claim.outcome == "busy" and published:
            self._tasks.spawn(self._follow(requester, running, request_id))
        elif claim.reply is not None:
            requester.push(claim.reply)
        elif claim.outcome == "done":
            requester.error(
                "This request was handled before; its reply is no longer kept.",
                "conflict",
                request_id,
            )
        else:
            requester.error("This request is still being handled.", "conflict", request_id)
        return False

    async def _answer(self, requester: Requester, running: Running) -> None:
        request, state = running.request, running.state
        session: Session[BaseModel] = Session(self._services, requester, state, request.id)
        try:
            value = await _call(running, session)
            running.seal()
            await session.commit(_reply(state, requester, request, value, more=False), last=True)
        finally:
            running.seal()
            await session.end()

    # --- streams

    async def _start_stream(self, requester: Requester, request: Request, state: AnyState) -> None:
        if request.id is not None:
            # If this process dies, the request must not be handled again when it is sent again.
            await self._services.broker.commit(
                Commit(
                    requester.room_id,
                    claim=(requester.id, request.id),
                    reply=_outcome(requester, request, _SENTENCES["interrupted"], "interrupted"),
                    settles=False,
                )
            )
        running = Running(request, state, None)
        running.task = self._tasks.spawn(self._stream(requester, running))
        requester.requests.streams.add(running)
        # Its first step is taken before the next request's.
        await asyncio.sleep(0)

    async def _stream(self, requester: Requester, running: Running) -> None:
        try:
            await self._pieces(requester, running)
        except BaseException as error:
            await self._ended_by(requester, running, error)
        finally:
            requester.requests.streams.discard(running)

    async def _pieces(self, requester: Requester, running: Running) -> None:
        request, state = running.request, running.state
        session: Session[BaseModel] = Session(self._services, requester, state, request.id)
        pieces: AsyncGenerator[object] = _call(running, session)
        deadline = self._deadlines.of(state.deadline)
        try:
            while True:
                deadline.begin(running)
                try:
                    value = await anext(pieces, _END)
                finally:
                    deadline.end(running)
                if value is _END:
                    break
                with running.committing():
                    await session.commit(
                        _reply(state, requester, request, value, more=True), last=False
                    )
                    running.published = state.to == "everybody"
                # A stream never runs ahead of its reader, nor keeps the loop for itself.
                await asyncio.sleep(0)
                await requester.drained(_STREAM_AHEAD)
            running.seal()
            await session.commit(_reply(state, requester, request, _END, more=False), last=True)
        finally:
            await session.end()
            await pieces.aclose()

    async def _follow(self, requester: Requester, running: Running, request_id: str) -> None:
        """Wait for the end of a stream at another worker, and report an error that it ended with.
        Its pieces and its regular end arrive as room messages.
        """
        elsewhere = requester.requests.elsewhere
        elsewhere.add(request_id)
        try:
            while requester.connected:
                claim = await self._services.broker.claim(
                    requester.room_id, requester.id, request_id, running.state.deadline
                )
                if claim.outcome == "busy":
                    continue
                if claim.outcome == "new":
                    await self._start_stream(requester, running.request, running.state)
                elif claim.reply is not None and claim.reply.private:
                    requester.push(claim.reply)
                return
        except Exception as error:
            await self._failed(requester, Running(running.request, running.state, None), error)
        finally:
            elsewhere.discard(request_id)

    # --- endings

    async def _ended_by(self, requester: Requester, running: Running, error: BaseException) -> None:
        """Answer a request that raised. `SystemExit` or a cancellation that the handler itself
        caused must not end other requests, so only two exceptions are raised again: the
        cancellation of the task itself, and the closing of its coroutine, which cannot await.
        """
        if isinstance(error, GeneratorExit) and not _is_current(running.task):
            raise error
        running.seal()
        why = running.stopped
        if not isinstance(error, asyncio.CancelledError):
            await self._failed(requester, running, error)
        elif why is not None:
            await self._refuse(requester, running, _SENTENCES[why], why)
        elif _cancelled():
            raise error
        else:
            await self._failed(requester, running, error)

    async def _failed(self, requester: Requester, running: Running, error: BaseException) -> None:
        if isinstance(error, Refused):
            await self._refuse(requester, running, error.sentence, error.code, error.details)
        elif isinstance(error, RoomGone):
            requester.error("The session has ended.", "conflict", running.request.id)
        elif isinstance(error, BrokerUnavailable):
            await self._unhandled(requester, running.request, "broker_unavailable")
        elif isinstance(error, LockLost):
            await self._unhandled(requester, running.request, "conflict")
        else:
            reference = secrets.token_hex(4)
            logger.error("%s failed (reference %s)", running.state.where, reference, exc_info=error)
            sentence = f"The request failed on the server (reference {reference})."
            await self._refuse(requester, running, sentence, "internal")

    async def _unhandled(self, requester: Requester, request: Request, code: ErrorCode) -> None:
        """Nothing was changed: the same request, with the same id, may be sent again."""
        if request.id is not None:
            with suppress(BrokerUnavailable):
                await self._services.broker.release(requester.room_id, requester.id, request.id)
        requester.error(_SENTENCES[code], code, request.id)
        if not requester.connected:
            # The sender gets no error, so the requests behind this one must not be handled before
            # it: the client sends all that have an id again when it is back.
            requester.requests.clear(keep_without_id=True)

    async def _refuse(
        self,
        requester: Requester,
        running: Running,
        sentence: str,
        code: ErrorCode,
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        """Answer with an error that is recorded like a reply: the request is not handled again when
        it is sent again. Other participants who received pieces of a stream get its end.
        """
        request = running.request
        entry = _outcome(requester, request, sentence, code, details)
        if request.id is not None or running.published:
            commit = Commit(requester.room_id, epoch=requester.epoch)
            if request.id is not None:
                commit.claim, commit.reply = (requester.id, request.id), entry
            if running.published:
                end = _reply(running.state, requester, request, _END, more=False)
                # For its sender the error is the end.
                end.request_id = None
                commit.entries.append(end)
            try:
                await self._services.broker.commit(commit)
            except (BrokerUnavailable, LockLost, RoomGone):
                logger.info("the outcome of %s could not be recorded", request.state)
        requester.push(entry)


def _call(running: Running, session: Session[BaseModel]) -> Any:
    handler, data = running.state.handler, running.request.data
    return handler(session) if data is None else handler(session, data)


def _is_current(task: "asyncio.Task[None] | None") -> bool:
    try:
        return asyncio.current_task() is task
    except RuntimeError:
        # No loop is running any more.
        return False


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _outcome(
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


def _reply(
    state: AnyState, requester: Requester, request: Request, value: object, *, more: bool
) -> Entry:
    data = b"null" if value is _END else state.encode(value)
    return Entry(
        state.name,
        head(state.name, data),
        requester.id,
        request.id,
        more,
        state.retain,
        state.closes,
        state.to == "sender",
    )

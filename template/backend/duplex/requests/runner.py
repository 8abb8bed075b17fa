"""Runs one request: claims it, calls its handler within the deadline, commits and replies."""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from types import AsyncGeneratorType
from typing import Any

from pydantic import BaseModel

from duplex.brokers.base import BrokerUnavailable, Claim, Commit, LockLost, RoomGone
from duplex.requests.outcomes import (
    SENTENCES,
    Failures,
    end,
    end_for_others,
    error_reply,
    reply,
)
from duplex.requests.queue import Requester, Starts
from duplex.requests.running import CLEANUP_TIME, Deadlines, Running
from duplex.requests.session import Services, Session
from duplex.tasks import BackgroundTasks, cancel_and_close, closed_by_owner, uncancel
from duplex.wire.messages import Rejected
from duplex.wire.protocol import ErrorCode
from duplex.wire.requests import Request

logger = logging.getLogger("duplex")

NO_LONGER_KEPT = "This request was handled before; its reply is no longer kept."
STILL_HANDLED = "This request is still being handled."

_END = object()
"""Takes the place of a piece at the end of a stream."""

_STREAM_AHEAD = 65536
"""Bytes that may wait for a stream's own reader before its next piece is computed."""


class Runner:
    """Handles the requests of this process's participants, between `start` and `stop`."""

    starts: Starts
    """Shared by the queues of all participants."""

    def __init__(self, services: Services) -> None:
        self.states = services.registry.states
        self._services = services
        self._failures = Failures(services.broker)
        self._deadlines = Deadlines()
        self._tasks = BackgroundTasks()
        self._left_behind: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self, requester: Requester, request: Request) -> None:
        """Handle one request; a stream is only started. Raises only the cancellation of its own
        task.
        """
        requests = requester.requests
        task = asyncio.current_task(requests.loop)
        state = self.states[request.state]
        running = requests.running = Running(request, state, task)
        session: Session[BaseModel] = Session(self._services, requester, running)
        running.overdue = partial(self._leave_behind, requester, running, session)
        deadline = self._deadlines[state.deadline]
        deadline.begin(running)
        try:
            if request.id is not None:
                if requests.has_stream(request.id):
                    return
                seen = requester.seen
                # The pieces of a stream arrive as room messages: no need to wait for its end.
                claim = await self._services.broker.claim(
                    requester.room_id,
                    requester.id,
                    request.id,
                    0 if state.streams else state.deadline,
                )
                if claim.outcome != "new":
                    self._repeat(requester, running, request.id, claim, seen)
                    return
            if state.streams:
                await self._start_stream(requester, running)
            else:
                value = await _call(running, session)
                if running.left_behind:
                    return
                if running.stopped is None and task is not None and task.cancelling():
                    await self._absorb_cancellation(running)
                running.seal()
                await session.commit(reply(state, requester, request, value, more=False), last=True)
        except BaseException as error:
            await self._failures.answer(requester, running, session, error, stopping=self._stopping)
        finally:
            if running.left_behind:
                await session.end()
            deadline.end(running)
            if not running.sealed:
                running.seal()
            if running.stopped is not None and task is not None:
                # The next request runs in the same task.
                task.uncancel()
            if requests.running is running:
                requests.running = None

    def cancel_elsewhere(self, requester: Requester, request_id: str) -> None:
        """Stop a stream of this participant at the worker that runs it."""
        self._tasks.spawn(self._cancel_elsewhere(requester, request_id))

    async def _cancel_elsewhere(self, requester: Requester, request_id: str) -> None:
        message = {"room": requester.room_id, "participant": requester.id, "request": request_id}
        try:
            await self._services.broker.broadcast({"kind": "cancel", **message})
        except BrokerUnavailable:
            logger.info("the store is not reachable: a stream at another worker is not cancelled")

    def cancel_waiting(self, requester: Requester, request: Request) -> None:
        """Cancel a request that waited here, and runs at another worker if it was sent before."""
        self._tasks.spawn(self._cancel_waiting(requester, request, str(request.id)))

    async def _cancel_waiting(
        self, requester: Requester, request: Request, request_id: str
    ) -> None:
        broker, room, seen = self._services.broker, requester.room_id, requester.seen
        claimed = requester.id, request_id
        outcome = error_reply(requester, request, SENTENCES["cancelled"], "cancelled")
        await self._cancel_elsewhere(requester, request_id)
        try:
            # A worker that runs it answers it.
            claim = await broker.claim(room, *claimed, 2 * CLEANUP_TIME)
            if claim.outcome == "new":
                await broker.commit(Commit(room, claim=claimed, reply=outcome))
        except (BrokerUnavailable, LockLost, RoomGone):
            requester.push(outcome)
        else:
            requester.push(claim.reply or outcome, seen)

    async def list_participants(
        self, requester: Requester, after: str | None, request_id: str | None
    ) -> bytes:
        """A page of the room's participants, as the data of a reply. Raises `Rejected`."""
        try:
            if after is not None and not (after.isascii() and after.isdigit()):
                raise ValueError(after)
            page = await self._services.broker.page(requester.room_id, after)
        except BrokerUnavailable:
            sentence = SENTENCES["broker_unavailable"]
            raise Rejected(sentence, "broker_unavailable", request_id) from None
        except ValueError:
            raise Rejected("`after` is not from a page.", "bad_frame", request_id) from None
        return page.data()

    def start(self) -> None:
        """Handle requests from now on."""
        # Those of an earlier run belong to another event loop.
        self.starts = Starts()
        self._deadlines = Deadlines()
        self._stopping = False

    def begin_stop(self) -> None:
        """From now on a cancellation of a task is the end of the process."""
        self._stopping = True

    async def stop(self) -> None:
        """Cancel the running streams and abandoned handlers, at the end of the process."""
        self.begin_stop()
        await self._tasks.stop()
        await cancel_and_close(self._left_behind)

    def _repeat(
        self, requester: Requester, running: Running, request_id: str, claim: Claim, seen: int
    ) -> None:
        """Answer a request that was sent before with its recorded outcome. `seen`: the last room
        message before it was claimed.
        """
        if claim.outcome == "busy" and running.state.streams:
            self._tasks.spawn(self._follow(requester, running, request_id))
        elif claim.reply is not None:
            requester.push(claim.reply, seen)
        elif claim.outcome == "done":
            requester.error(NO_LONGER_KEPT, "conflict", request_id)
        else:
            requester.error(STILL_HANDLED, "conflict", request_id)

    # --- streams

    async def _start_stream(self, requester: Requester, running: Running) -> None:
        request, state = running.request, running.state
        stream = Running(request, state, None)
        session: Session[BaseModel] = Session(self._services, requester, stream)
        stream.overdue = partial(self._leave_behind, requester, stream, session)
        claim = await session.claim()
        # If this process dies, the request must not be handled again when it is sent again, and
        # everybody learns that its stream has ended.
        interrupted = error_reply(requester, request, SENTENCES["interrupted"], "interrupted")
        await self._services.broker.commit(
            Commit(
                requester.room_id,
                claim=claim,
                reply=interrupted,
                settles=False,
                endings=[*end_for_others(state, requester, request, "interrupted"), interrupted],
            )
        )
        stream.begun = True
        stream.task = self._tasks.spawn(self._stream(requester, stream, session))
        requester.requests.streams.add(stream)
        running.seal()
        # Its first step is taken before the next request's.
        await asyncio.sleep(0)

    async def _stream(
        self, requester: Requester, running: Running, session: Session[BaseModel]
    ) -> None:
        try:
            running.begin()
            await self._pieces(requester, running, session)
        except BaseException as error:
            await self._failures.answer(requester, running, session, error, stopping=self._stopping)
        finally:
            running.seal()
            requester.requests.streams.discard(running)

    async def _pieces(
        self, requester: Requester, running: Running, session: Session[BaseModel]
    ) -> None:
        request, state = running.request, running.state
        pieces: AsyncGeneratorType[object, None] = _call(running, session)
        deadline = self._deadlines[state.deadline]
        with closed_by_owner():
            upcoming = anext(pieces, _END)
        try:
            while True:
                deadline.begin(running)
                try:
                    value = await upcoming
                finally:
                    deadline.end(running)
                if value is _END:
                    break
                with running.committing():
                    await session.commit(
                        reply(state, requester, request, value, more=True), last=False
                    )
                    running.published = state.to == "everybody"
                # A stream never runs ahead of its reader, nor keeps the loop for itself.
                await asyncio.sleep(0)
                await requester.drained(_STREAM_AHEAD)
                upcoming = anext(pieces, _END)
            if running.left_behind:
                return
            running.seal()
            await session.commit(end(state, requester, request, "done"), last=True)
        except asyncio.CancelledError as error:
            # The handler is suspended at a `yield` and has not received the cancellation yet.
            with suppress(StopAsyncIteration):
                await pieces.athrow(error)
            raise
        finally:
            # If it still runs, this coroutine is being closed because it ignores its cancellation.
            if not pieces.ag_running:
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
                    await self._start_stream(requester, running)
                elif claim.reply is not None and not claim.reply.seq:
                    requester.push(claim.reply)
                return
        except Exception as error:
            session: Session[BaseModel] = Session(self._services, requester, running)
            await self._failures.fail(requester, running, session, error)
        finally:
            elsewhere.discard(request_id)

    # --- endings

    async def _absorb_cancellation(self, running: Running) -> None:
        """A handler may return although other code has cancelled its task; the cancellation must
        not interrupt the commit of its reply.
        """
        if self._stopping:
            return
        logger.warning("the task of %s was cancelled, but not by Duplex", running.state.where)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        uncancel()

    def _leave_behind(
        self, requester: Requester, running: Running, session: Session[BaseModel], why: ErrorCode
    ) -> None:
        """A handler has not ended in time after its cancellation: continue without it."""
        logger.error("%s ignores its cancellation and is left behind", running.state.where)
        if running.task is not None:
            self._left_behind.add(running.task)
            running.task.add_done_callback(self._left_behind.discard)
        running.seal()
        self._tasks.spawn(self._go_on_without(requester, running, session, why))

    async def _go_on_without(
        self, requester: Requester, running: Running, session: Session[BaseModel], why: ErrorCode
    ) -> None:
        """Answer the request of an abandoned handler, then handle the next ones."""
        try:
            await session.end()
            await self._failures.refuse(requester, running, session, SENTENCES[why], why)
        finally:
            requester.requests.leave_behind(running)


def _call(running: Running, session: Session[BaseModel]) -> Any:
    handler, data = running.state.handler, running.request.data
    return handler(session) if data is None else handler(session, data)

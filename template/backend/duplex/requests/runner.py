"""Runs one request: claims it, calls its handler within the deadline, commits and answers.

Whatever a handler does, its sender gets a reply or an error, and the session lives on. What went
wrong inside is logged with a reference; the wire carries the reference alone.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from typing import Any

from pydantic import JsonValue

from duplex.brokers.base import BrokerUnavailable, Commit, LockLost, RoomGone
from duplex.requests.deadlines import Deadlines
from duplex.requests.registry import AnyState
from duplex.requests.session import Services, Session
from duplex.rooms.member import Member, Request, Running
from duplex.wire import protocol
from duplex.wire.entries import Entry
from duplex.wire.protocol import ErrorCode, Refused

logger = logging.getLogger("duplex")

_SENTENCES: dict[ErrorCode, str] = {
    "cancelled": "The request was cancelled.",
    "interrupted": "The stream was interrupted: what came of it so far is all.",
    "deadline": "The request took too long and was stopped.",
    "broker_unavailable": "The session's store cannot be reached. Try again.",
    "conflict": "Somebody else changed the session at the same time. Try again.",
}


class Runner:
    """Handles requests of this process's members."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._deadlines = Deadlines()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, member: Member, request: Request) -> None:
        """Handle one request; a stream is only started. Raises nothing but its task's own
        cancellation.
        """
        task = asyncio.current_task()
        running = member.running = Running(request, task)
        deadline = self._deadlines.of(request.state.deadline)
        deadline.begin(running)
        try:
            if request.id is not None and not await self._claimed(member, request, request.id):
                return
            if request.state.streams:
                await self._start_stream(member, request)
            else:
                await self._answer(member, running)
        except BaseException as error:
            await self._ended_by(member, running, error)
        finally:
            deadline.end(running)
            if running.stopped is not None and task is not None:
                # The next request runs in the same task.
                task.uncancel()
            member.running = None

    async def stop(self) -> None:
        """Cancel what still runs beside the requests; for the end of the process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _claimed(self, member: Member, request: Request, request_id: str) -> bool:
        """Whether the request is to be handled; else it was answered as it was before."""
        if request_id in member.elsewhere or any(
            one.request.id == request_id for one in member.streams
        ):
            return False
        state = request.state
        # What everybody gets of a stream comes with the room: nothing has to wait for its end.
        comes = state.streams and state.to == "everybody"
        claim = await self._services.broker.claim(
            member.room.id, member.participant, request_id, 0 if comes else state.deadline
        )
        if claim.outcome == "new":
            return True
        if claim.outcome == "busy" and comes:
            self._spawn(self._follow(member, request, request_id))
        elif claim.reply is not None:
            member.push(claim.reply)
        elif claim.outcome == "done":
            member.error(
                "This request was handled before; its reply is no longer kept.",
                "conflict",
                request_id,
            )
        else:
            member.error("This request is still being handled.", "conflict", request_id)
        return False

    async def _answer(self, member: Member, running: Running) -> None:
        request, state = running.request, running.request.state
        session: Session[Any] = Session(self._services, member, state, request.id)
        try:
            value = await _call(request, session)
            running.seal()
            await session.commit(_reply(state, member, request, value, more=False), last=True)
        finally:
            running.seal()
            await session.end()

    # --- streams

    async def _start_stream(self, member: Member, request: Request) -> None:
        if request.id is not None:
            # Should this process die, the request sent again must not begin anew.
            await self._services.broker.commit(
                Commit(
                    member.room.id,
                    claim=(member.participant, request.id),
                    reply=_outcome(member, request, _SENTENCES["interrupted"], "interrupted"),
                    settles=False,
                )
            )
        running = Running(request, None)
        running.task = self._spawn(self._stream(member, running))
        member.streams.add(running)
        # Its first step is taken before the next request's.
        await asyncio.sleep(0)

    async def _stream(self, member: Member, running: Running) -> None:
        try:
            await self._pieces(member, running)
        except BaseException as error:
            await self._ended_by(member, running, error)
        finally:
            member.streams.discard(running)

    async def _pieces(self, member: Member, running: Running) -> None:
        request, state = running.request, running.request.state
        session: Session[Any] = Session(self._services, member, state, request.id)
        pieces: AsyncGenerator[object] = _call(request, session)
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
                with running.held():
                    await session.commit(
                        _reply(state, member, request, value, more=True), last=False
                    )
                    running.told = state.to == "everybody"
                # A stream never runs ahead of its reader, nor keeps the loop for itself.
                await asyncio.sleep(0)
                if member.connection is not None:
                    await member.connection.drained(_AHEAD)
            running.seal()
            await session.commit(_reply(state, member, request, _END, more=False), last=True)
        finally:
            await session.end()
            await pieces.aclose()

    async def _follow(self, member: Member, request: Request, request_id: str) -> None:
        """Wait for the end of a stream at another worker, and say it if it broke off. Its pieces
        and its good end come with the room.
        """
        member.elsewhere.add(request_id)
        try:
            while member.connection is not None:
                claim = await self._services.broker.claim(
                    member.room.id, member.participant, request_id, request.state.deadline
                )
                if claim.outcome == "busy":
                    continue
                if claim.outcome == "new":
                    await self._start_stream(member, request)
                elif claim.reply is not None and claim.reply.private:
                    member.push(claim.reply)
                return
        except Exception as error:
            await self._failed(member, Running(request, None), error)
        finally:
            member.elsewhere.discard(request_id)

    def _spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- endings

    async def _ended_by(self, member: Member, running: Running, error: BaseException) -> None:
        """Answer a request that raised: also `SystemExit` or a cancellation of the handler's own
        making must not take others with it. Only the cancellation of the task itself goes on, and
        the closing of its coroutine, in which nothing can be awaited.
        """
        if isinstance(error, GeneratorExit) and not _is_current(running.task):
            raise error
        running.seal()
        why = running.stopped
        if not isinstance(error, asyncio.CancelledError):
            await self._failed(member, running, error)
        elif why is not None:
            await self._refuse(member, running, _SENTENCES[why], why)
        elif _cancelled():
            raise error
        else:
            await self._failed(member, running, error)

    async def _failed(self, member: Member, running: Running, error: BaseException) -> None:
        request = running.request
        if isinstance(error, Refused):
            await self._refuse(member, running, error.sentence, error.code, error.details)
        elif isinstance(error, RoomGone):
            member.error("The session has ended.", "conflict", request.id)
        elif isinstance(error, BrokerUnavailable):
            await self._unhandled(member, request, "broker_unavailable")
        elif isinstance(error, LockLost):
            await self._unhandled(member, request, "conflict")
        else:
            reference = secrets.token_hex(4)
            logger.error("%s failed (reference %s)", request.state.where, reference, exc_info=error)
            sentence = f"The request failed on the server (reference {reference})."
            await self._refuse(member, running, sentence, "internal")

    async def _unhandled(self, member: Member, request: Request, code: ErrorCode) -> None:
        """Nothing was changed: the same request, with the same id, may be sent again."""
        if request.id is not None:
            with suppress(BrokerUnavailable):
                await self._services.broker.release(member.room.id, member.participant, request.id)
        member.error(_SENTENCES[code], code, request.id)
        if member.connection is None:
            # Nobody is told, so what was sent behind it must not come before it: what has an id is
            # sent again when its sender is back.
            member.queue = deque(one for one in member.queue if one.id is None)

    async def _refuse(
        self,
        member: Member,
        running: Running,
        sentence: str,
        code: ErrorCode,
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        """Answer with an error, recorded like a reply: sent again, the request is not run again.
        Whoever else got pieces of a stream gets its end.
        """
        request = running.request
        entry = _outcome(member, request, sentence, code, details)
        if request.id is not None or running.told:
            commit = Commit(member.room.id, epoch=member.epoch)
            if request.id is not None:
                commit.claim, commit.reply = (member.participant, request.id), entry
            if running.told:
                end = _reply(request.state, member, request, _END, more=False)
                # To its sender the error is the end.
                end.request_id = None
                commit.entries.append(end)
            try:
                await self._services.broker.commit(commit)
            except (BrokerUnavailable, LockLost, RoomGone):
                logger.info("the outcome of %s could not be recorded", request.state.name)
        member.push(entry)


def _call(request: Request, session: Session[Any]) -> Any:
    handler = request.state.handler
    return handler(session) if request.data is None else handler(session, request.data)


def _is_current(task: "asyncio.Task[None] | None") -> bool:
    try:
        return asyncio.current_task() is task
    except RuntimeError:
        # No loop runs any more.
        return False


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _outcome(
    member: Member,
    request: Request,
    sentence: str,
    code: ErrorCode,
    details: dict[str, JsonValue] | None = None,
) -> Entry:
    """An error as the answer of a request."""
    about: JsonValue = {"state": request.state.name, **(details or {})}
    return Entry(
        request.state.name,
        protocol.error_head(sentence, code, about),
        sender=member.participant,
        request_id=request.id,
        private=True,
    )


def _reply(
    state: AnyState, member: Member, request: Request, value: object, *, more: bool
) -> Entry:
    data = b"null" if value is _END else state.encode(value)
    return Entry(
        state.name,
        protocol.head(state.name, data),
        member.participant,
        request.id,
        more,
        state.retain,
        state.closes,
        state.to == "sender",
    )


_END = object()
_AHEAD = 65536
"""Bytes that may wait for a stream's own reader before the stream is asked for more."""

"""A request that is being handled: how it is stopped, its deadline, and its context.

One timer serves all requests with the same time limit: a timer for each request would cost a
twentieth of the time that a request takes.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import Context
from typing import Any, Final, Generic, TypeVar

from duplex.requests.states import AnyState
from duplex.wire.protocol import ErrorCode
from duplex.wire.requests import Request

CLEANUP_TIME: Final = 5.0
"""Seconds that a handler has to end after its cancellation."""


class Running:
    """One request while its handler runs in `task`.

    `stopped` is the reason why it has to stop, if it has to. `claim` is the id under which the
    broker knows it, if it does. `published`: other participants received pieces of its stream and
    wait for its end. `begun`: the broker ends the stream if its claim is abandoned. `left_behind`:
    the handler ignored its cancellation, and the request was answered without it. `sealed`: the
    handler has ended.
    """

    __slots__ = (
        "_committing",
        "_timer",
        "begun",
        "claim",
        "left_behind",
        "overdue",
        "published",
        "request",
        "sealed",
        "state",
        "stopped",
        "task",
    )

    def __init__(
        self, request: Request, state: AnyState, task: "asyncio.Task[None] | None"
    ) -> None:
        self.request = request
        self.state = state
        self.task = task
        self.claim = request.id
        self.stopped: ErrorCode | None = None
        self.published = False
        self.begun = False
        self.left_behind = False
        self.sealed = False
        self.overdue: Callable[[ErrorCode], None] | None = None
        # A task that is cancelled before its first step ends without a word.
        self._committing = task is None
        self._timer: asyncio.TimerHandle | None = None

    def stop(self, why: ErrorCode) -> None:
        """Cancel the handler; the first reason stays. No effect once it is sealed. `overdue` is
        called when the handler has not ended in time.
        """
        if self.stopped is not None or self.task is None or self.sealed:
            return
        self.stopped = why
        if not self._committing:
            self.task.cancel()
        if self.overdue is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(CLEANUP_TIME, self._leave_behind, self.overdue, why)

    def _leave_behind(self, overdue: Callable[[ErrorCode], None], why: ErrorCode) -> None:
        self.left_behind = True
        overdue(why)

    def seal(self) -> None:
        """The handler has ended and its outcome is being committed: too late to stop it."""
        self.sealed = True
        # It refers back to this object: only a pass of the garbage collector would free the two.
        self.overdue = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def begin(self) -> None:
        """The task of a stream takes its first step. Raises `CancelledError` if the stream was
        stopped before.
        """
        self._committing = False
        self._raise_if_stopped()

    @contextmanager
    def committing(self) -> Generator[None]:
        """Delay `stop` to the end of the `with`: a piece is committed as a whole or not at all.

        Raises `CancelledError` at the beginning for a stream that ignored its cancellation.
        """
        self._raise_if_stopped()
        self._committing = True
        try:
            yield
        finally:
            self._committing = False
        self._raise_if_stopped()

    def _raise_if_stopped(self) -> None:
        if self.stopped is not None:
            raise asyncio.CancelledError


class Deadline:
    """Requests with a time limit of `seconds`, ordered by their end."""

    __slots__ = ("_due", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._due: dict[Running, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, running: Running) -> None:
        """Stop the request after `seconds`, unless `end` is called before."""
        due = self._due[running] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._check)

    def end(self, running: Running) -> None:
        """The request ended in time."""
        self._due.pop(running, None)

    def _check(self) -> None:
        now = self._loop.time()
        while self._due:
            running, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._check)
                return
            del self._due[running]
            running.stop("deadline")
        self._timer = None


class Deadlines(dict[float, Deadline]):
    """The deadlines of all states, by their time limit; made when they are first asked for."""

    __slots__ = ()

    def __missing__(self, seconds: float) -> Deadline:
        made = self[seconds] = Deadline(seconds)
        return made


T = TypeVar("T")


class InContext(Generic[T]):
    """Awaits a coroutine in this context: a `ContextVar` that it sets keeps its value outside.
    Requests that wait for one another share a task, because a task for each would cost more.
    """

    __slots__ = ("_context", "_coroutine")

    def __init__(self, context: Context, coroutine: Coroutine[Any, Any, T]) -> None:
        self._context = context
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, T]:
        run, coroutine = self._context.run, self._coroutine
        step: Callable[[Any], Any] = coroutine.send
        argument: Any = None
        while True:
            try:
                awaited = run(step, argument)
            except StopIteration as end:
                return end.value
            finally:
                # An exception refers to this frame: kept here, only the garbage collector frees it.
                argument = None
            try:
                argument = yield awaited
                step = coroutine.send
            except BaseException as error:
                step, argument = coroutine.throw, error

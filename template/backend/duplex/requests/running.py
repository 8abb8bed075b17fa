"""A request that is being handled, and how it is stopped."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from duplex.requests.registry import AnyState
from duplex.wire.protocol import ErrorCode
from duplex.wire.requests import Request

CLEANUP_TIME: Final = 5.0
"""Seconds that a handler has to end after its cancellation."""


class Running:
    """One request while its handler runs in `task`.

    `stopped` is the reason why it has to stop, if it has to. `claim` is the id under which the
    broker knows it, if it does. `published`: other participants received pieces of its stream and
    wait for its end. `begun`: the broker ends the stream if its claim is abandoned. `left_behind`:
    the handler ignored its cancellation, and the request was answered without it.
    """

    __slots__ = (
        "_committing",
        "_sealed",
        "_timer",
        "begun",
        "claim",
        "left_behind",
        "overdue",
        "published",
        "request",
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
        self.overdue: Callable[[], None] | None = None
        self._committing = False
        self._sealed = False
        self._timer: asyncio.TimerHandle | None = None

    def stop(self, why: ErrorCode) -> None:
        """Cancel the handler; the first reason stays. No effect once it is sealed. `overdue` is
        called when the handler has not ended in time.
        """
        if self.stopped is not None or self.task is None or self._sealed:
            return
        self.stopped = why
        if not self._committing:
            self.task.cancel()
        if self.overdue is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(CLEANUP_TIME, self._leave_behind)

    def _leave_behind(self) -> None:
        if self.overdue is not None and not self._sealed:
            self.left_behind = True
            self.overdue()

    def seal(self) -> None:
        """The handler has ended and its outcome is being committed: too late to stop it."""
        self._sealed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

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

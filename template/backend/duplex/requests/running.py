"""A request that is being handled, and how it is stopped."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from duplex.requests.registry import AnyState
from duplex.wire.protocol import ErrorCode
from duplex.wire.requests import Request


class Running:
    """One request while its handler runs in `task`.

    `stopped` is the reason why it has to stop, if it has to. `published`: other participants
    received pieces of its stream and wait for the last one.
    """

    __slots__ = ("_committing", "_sealed", "published", "request", "state", "stopped", "task")

    def __init__(
        self, request: Request, state: AnyState, task: "asyncio.Task[None] | None"
    ) -> None:
        self.request = request
        self.state = state
        self.task = task
        self.stopped: ErrorCode | None = None
        self.published = False
        self._committing = False
        self._sealed = False

    def stop(self, why: ErrorCode) -> None:
        """Cancel the handler; the first reason stays. No effect once it is sealed."""
        if self.stopped is None and self.task is not None and not self._sealed:
            self.stopped = why
            if not self._committing:
                self.task.cancel()

    def seal(self) -> None:
        """The handler has returned and its result is being committed: too late to stop it."""
        self._sealed = True

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

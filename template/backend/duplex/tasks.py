"""Tasks: background tasks that end with their owner at the latest, cancellations, coroutines that
were begun without a task, and one lock for each name.
"""

import asyncio
import logging
import sys
from collections.abc import Coroutine, Generator, Iterable
from contextlib import contextmanager, suppress
from typing import Any, Final
from weakref import WeakValueDictionary

logger = logging.getLogger("duplex")

STOP_TIME: Final = 2.0
"""Seconds that cancelled tasks have to end when the process stops."""


class BackgroundTasks:
    """A set of running tasks: they are kept from being garbage collected, and cancelled by `stop`.

    An owner that is started again may spawn again.
    """

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        """Run a coroutine in the background. It is never started eagerly, as a loop's task factory
        may do: its owner has to know it before.
        """
        task = asyncio.Task(work, loop=asyncio.get_running_loop())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """Cancel all tasks and wait for their end."""
        await cancel_and_close(self._tasks)


async def cancel_and_close(tasks: "Iterable[asyncio.Task[Any]]") -> None:
    """Cancel tasks and wait for their end. A task that ignores its cancellation is closed: the
    process could not end with it.
    """
    waiting = {task for task in tasks if not task.done()}
    for task in waiting:
        task.cancel()
    if waiting:
        _, deaf = await asyncio.wait(waiting, timeout=STOP_TIME)
        for task in deaf:
            logger.error("%s ignores its cancellation and is closed", task.get_name())
            with suppress(RuntimeError, AttributeError):
                task.get_coro().close()
            task.cancel()
        if deaf:
            ended, _ = await asyncio.wait(deaf, timeout=STOP_TIME)
            for task in ended:
                if not task.cancelled():
                    # Its coroutine was closed under it; the log has the reason already.
                    task.exception()


@contextmanager
def closed_by_owner() -> Generator[None]:
    """Async generators whose first `anext` is called inside are closed by the code that runs them.
    The event loop, which closes those that are left, would log a traceback for each one that cannot
    be closed.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(firstiter=None, finalizer=_leave)
    try:
        yield
    finally:
        sys.set_asyncgen_hooks(*hooks)


def _leave(_: object) -> None:
    """Without a finalizer Python would close the generator itself, with the same result."""


def is_current(task: "asyncio.Task[None] | None") -> bool:
    """Whether the code runs in this task."""
    try:
        return asyncio.current_task() is task
    except RuntimeError:
        # No loop is running any more.
        return False


def cancellations() -> int:
    """Cancellations of the current task that were not taken back."""
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


def uncancel() -> None:
    """Take back all cancellations of the current task."""
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


_DONE: Final = object()
"""Marks the end of the coroutine of a `Rest`."""


class Rest:
    """Awaits a coroutine that was started manually and now waits for `waits_for`."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[object, None, None], waits_for: object) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[object, None, None]:
        waits_for = self._waits_for
        while True:
            try:
                yield waits_for
            except BaseException as error:
                step = self._throw(error)
            else:
                step = self._next()
            if step is _DONE:
                return
            waits_for = step

    def _next(self) -> object:
        try:
            return self._coroutine.send(None)
        except StopIteration:
            return _DONE

    def _throw(self, error: BaseException) -> object:
        try:
            return self._coroutine.throw(error)
        except StopIteration:
            return _DONE


class KeyedLocks:
    """A lock per name, kept as long as a task holds it or waits for it."""

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """The lock of a name."""
        found = self._locks.get(name)
        if found is None:
            found = self._locks[name] = asyncio.Lock()
        return found

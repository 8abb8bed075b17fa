"""Runs a coroutine in a context of its own, inside the task that awaits it."""

from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class InOwnContext(Generic[T]):
    """Awaits a coroutine in a copy of the current context: a `ContextVar` that it sets keeps its
    value outside. The requests of a participant share a task, because a task for each would cost
    more than all the rest of a small request.
    """

    __slots__ = ("_context", "_coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._context = copy_context()
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
            try:
                argument = yield awaited
                step = coroutine.send
            except BaseException as error:
                step, argument = coroutine.throw, error

"""Python processes that start fast: forked from one that has imported the engine already.

Importing FastAPI, SQLAlchemy and Pydantic takes two seconds, importing a team's application a
tenth of that. A `multiprocessing` fork server imports the packages once and never the application,
so every forked process imports the current code of the application. Without fork (Windows), each
process imports everything by itself.
"""

import asyncio
import contextlib
import gc
import multiprocessing
import multiprocessing.connection
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar, cast

from duplex_dev.console import TaskError

PRELOADED = [
    "duplex",
    "duplex.accounts",
    *(f"duplex.accounts.methods.{name}" for name in ("password", "totp", "passkey")),
    *("duplex_dev.contract.typescript", "uvicorn", "alembic"),
]
"""The modules that the fork server imports; one that does not exist is left out."""

GRACE = 5.0
"""Seconds a process has to end by itself before it is killed."""

T = TypeVar("T")


class CallEnded(Exception):
    """A process ended without a result; it has printed the reason."""


class WarmPython:
    """Starts processes from a fork server; with `here` from this process, which has imported the
    engine and has no other thread.
    """

    def __init__(self, *, here: bool = False) -> None:
        if sys.platform == "win32":
            self._context = multiprocessing.get_context("spawn")
        elif here:
            self._context = multiprocessing.get_context("fork")
        else:
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload(PRELOADED)

    def start(self) -> None:
        """Start the fork server; it imports the packages while this process continues."""
        if sys.platform != "win32":
            from multiprocessing import forkserver

            forkserver.ensure_running()

    async def call(self, function: Callable[[], T], environment: Mapping[str, str]) -> T:
        """The result of a module's function, called in a new process with this environment.

        Raises the function's TaskError, and `CallEnded` if there is no result. The process of a
        cancelled call is ended.
        """
        receiving, sending = self._context.Pipe(duplex=False)
        process = self.process(function.__name__, _reply, (function, sending), environment)
        await process.start()
        sending.close()
        reading = asyncio.create_task(asyncio.to_thread(receiving.recv))
        try:
            outcome, value = cast("tuple[str, object]", await asyncio.shield(reading))
        except asyncio.CancelledError:
            await process.stop()
            raise
        except EOFError:
            raise CallEnded from None
        finally:
            await process.wait()
            # A thread cannot be cancelled: it reads until the process has closed its end.
            await asyncio.gather(reading, return_exceptions=True)
            receiving.close()
        if outcome == "failed":
            raise TaskError(str(value))
        return cast("T", value)

    def module(
        self, name: str, module: str, environment: Mapping[str, str], *arguments: str
    ) -> "WarmProcess":
        """A process that runs like `python -m module arguments`."""
        return self.process(name, run_module, (module, arguments), environment)

    def process(
        self,
        name: str,
        function: Callable[..., None],
        arguments: tuple[object, ...],
        environment: Mapping[str, str],
    ) -> "WarmProcess":
        """A process that calls a module's function; it has to be started."""
        return WarmProcess(name, self.fork(name, function, arguments, environment))

    def fork(
        self,
        name: str,
        function: Callable[..., None],
        arguments: tuple[object, ...],
        environment: Mapping[str, str],
    ) -> BaseProcess:
        """The same for code that does not use asyncio."""
        return self._context.Process(
            target=_enter, args=(function, arguments, dict(environment)), name=name
        )


class WarmProcess:
    """A named process in a group of its own, so that Ctrl-C reaches the command alone."""

    def __init__(self, name: str, process: BaseProcess) -> None:
        self.name = name
        self._process = process
        self._ended: asyncio.Task[object] | None = None

    async def start(self) -> None:
        """Start it with its output on this terminal."""
        # The first start waits until the fork server has imported its modules.
        await asyncio.to_thread(self._process.start)
        ends = [self._process.sentinel]
        waiting = asyncio.to_thread(multiprocessing.connection.wait, ends)
        self._ended = asyncio.create_task(waiting)

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._ended is not None and not self._ended.done()

    async def wait(self) -> int:
        """Wait for its end; returns its exit code (negative: the signal that ended it)."""
        assert self._ended is not None, f"{self.name} was not started"
        await asyncio.shield(self._ended)
        self._process.join()
        code = self._process.exitcode
        return -1 if code is None else code

    async def stop(self) -> None:
        """End it and its children: with SIGTERM, and with SIGKILL after `GRACE` seconds."""
        if not self.alive:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), GRACE)
        except TimeoutError:
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            await self.wait()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                self._process.terminate()
            elif os.getpgid(self._process.pid) == self._process.pid:
                os.killpg(self._process.pid, number)
            else:  # it has not made its group yet
                os.kill(self._process.pid, number)


def _enter(
    function: Callable[..., None], arguments: tuple[object, ...], environment: dict[str, str]
) -> None:
    """The beginning of every process."""
    # Passes of the garbage collector leave out what the fork server has imported.
    gc.freeze()
    if sys.platform != "win32":
        os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    try:
        function(*arguments)
    except Exception as error:
        # Without the frames of multiprocessing and of this module.
        first = error.__traceback__
        while first is not None and _is_own(first.tb_frame.f_code.co_filename):
            first = first.tb_next
        traceback.print_exception(type(error), error, first)
        sys.exit(1)


def _is_own(file: str) -> bool:
    return file == __file__ or "runpy" in file


def run_module(module: str, arguments: tuple[str, ...]) -> None:
    """Run it as `python -m module arguments` does."""
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _reply(function: Callable[[], object], sending: "Connection[Any, Any]") -> None:
    try:
        sending.send(("result", function()))
    except TaskError as error:
        sending.send(("failed", str(error)))

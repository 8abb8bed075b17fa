"""Processes that the commands start: Python with backend/ on its path, servers, and checks.

Servers end together with the command that started them. Checks run at the same time: each prints
its result when it ends, the last line sums up.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from duplex_dev.console import TaskError
from duplex_dev.machine import node
from duplex_dev.machine.environment import clean
from duplex_dev.project import BACKEND, FRONTEND, ROOT


def python_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of the project or of its packages."""
    return [sys.executable, "-m", module, *arguments]


def python_environment(base: Mapping[str, str] | None = None, **extra: str) -> dict[str, str]:
    """The environment for it: `base` (default: this process's own) and `extra`."""
    given = clean(os.environ if base is None else base)
    path = [entry for entry in given.get("PYTHONPATH", "").split(os.pathsep) if entry]
    if str(BACKEND) not in path:
        path.append(str(BACKEND))
    return {**given, "PYTHONPATH": os.pathsep.join(path), **extra}


GRACE = 5.0
"""Seconds a child has to end by itself before it is killed."""


class Child:
    """A named child process in a group of its own, so that Ctrl-C reaches the command alone."""

    def __init__(
        self, name: str, command: list[str], *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self._command = command
        self._folder = folder
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it with its output on this terminal."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end; returns its exit code (negative: the signal that ended it)."""
        assert self._process is not None, f"{self.name} was not started"
        return await self._process.wait()

    async def stop(self) -> None:
        """End it and its children: with SIGTERM, and with SIGKILL after `GRACE` seconds."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            await process.wait()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        try:
            if os.name == "nt":
                self._process.terminate()
            else:
                os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass  # it has just ended by itself


COLOURS = {"FORCE_COLOR": "1", "PY_COLORS": "1"}
"""Output that is collected for a terminal has colours as well."""


@dataclass(frozen=True, slots=True)
class Step:
    """A named check: a command line, and where it runs."""

    name: str
    command: list[str]
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=python_environment)


def python_step(name: str, module: str, *arguments: str) -> Step:
    """A check that is a Python module's command, run in the project's root."""
    return Step(name, python_command(module, *arguments))


def npm_step(name: str, script: str, *arguments: str) -> Step:
    """A check that is one of package.json's scripts."""
    return Step(name, node.script(script, *arguments), FRONTEND, node.environment())


def run_all(steps: list[Step], *, parallel: bool = True) -> int:
    """Run all steps, also after one has failed; returns 1 if one failed, else 0.

    The output of steps that run at the same time is printed as a whole, when each ends.
    """
    began = time.monotonic()
    if parallel and len(steps) > 1:
        failed = _run_together(steps)
    else:
        failed = [step.name for step in steps if _run_alone(step) != 0]
    total = f"{time.monotonic() - began:.1f} s"
    passed = f"{len(steps) - len(failed)} of {len(steps)} passed in {total}"
    print(f"\n{passed}; failed: {', '.join(failed)}" if failed else f"\n{passed}", flush=True)
    return 1 if failed else 0


def _run_alone(step: Step) -> int:
    """Run a step with its output on this terminal."""
    print(f"\n── {step.name} ──", flush=True)
    start = time.monotonic()
    process = _start(step, output=None)
    try:
        code = process.wait()
    finally:
        _end(process)
    _print_result(step, code, time.monotonic() - start)
    return code


def _run_together(steps: list[Step]) -> list[str]:
    """Run the steps on all cores, in this order; returns the names of those that failed."""
    runs = [_Run(step) for step in steps]
    pool = ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2))
    try:
        for done in as_completed([pool.submit(run.run) for run in runs]):
            run = done.result()
            print(f"\n── {run.step.name} ──\n{run.output.rstrip()}", flush=True)
            _print_result(run.step, run.code, run.seconds)
    finally:
        # After Ctrl-C: stop the running steps and start no others.
        pool.shutdown(wait=False, cancel_futures=True)
        for run in runs:
            run.end()
    return [run.step.name for run in runs if run.code != 0]


class _Run:
    """One step that runs in parallel with others; its output is collected."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.code = -1
        self.output = ""
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._cancelled = False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> "_Run":
        start = time.monotonic()
        with self._lock:
            if self._cancelled:
                return self
            self._process = _start(self.step, output=subprocess.PIPE)
        output, _ = self._process.communicate()
        self.output = output.decode(errors="replace")
        self.code = self._process.returncode
        self.seconds = time.monotonic() - start
        return self

    def end(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                _end(self._process)


def _start(step: Step, *, output: int | None) -> "subprocess.Popen[bytes]":
    sys.stdout.flush()
    colours = COLOURS if output is not None and sys.stdout.isatty() else {}
    try:
        return subprocess.Popen(
            step.command,
            cwd=step.folder,
            env={**step.environment, **colours},
            stdin=subprocess.DEVNULL if output is not None else None,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
        )
    except OSError as error:
        raise TaskError(f"{step.name} cannot be started: {error}") from None


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        process.wait()


def _print_result(step: Step, code: int, seconds: float) -> None:
    if code:
        print(f"✗ {step.name} failed with exit code {code} ({seconds:.1f} s)", flush=True)
    else:
        print(f"✓ {step.name} ({seconds:.1f} s)", flush=True)

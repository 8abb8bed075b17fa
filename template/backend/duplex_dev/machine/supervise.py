"""Child processes that end together with the command that started them."""

import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path

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
        """End it and what it started: with SIGTERM, and with SIGKILL after `GRACE` seconds."""
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

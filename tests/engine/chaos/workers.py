"""Server processes to be killed, drained and started again."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.engine.support import PATH

PATIENCE = 120.0
"""Seconds a process may take to start or to stop."""


class Worker:
    """One process and the port it serves; its log is in `log`."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    @property
    def url(self) -> str:
        """Its socket."""
        return f"ws://127.0.0.1:{self.port}{PATH}"

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    async def kill(self) -> None:
        """Kill the process with SIGKILL, so that it cannot tell anybody."""
        if self.alive:
            self.process.kill()
        await self.process.wait()

    async def drain(self) -> int:
        """SIGTERM, and wait for the end; the exit status."""
        self.process.terminate()
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


class Workers:
    """Several, with the same settings and the same broker."""

    def __init__(
        self, folder: Path, module: str = "tests.engine.chaos.worker", **settings: object
    ) -> None:
        self._folder = folder
        self._module = module
        self._settings = json.dumps(settings)
        self._count = 0
        self.all: list[Worker] = []

    async def start(self) -> Worker:
        """One more, once it serves."""
        self._count += 1
        log = self._folder / f"worker-{self._count}.log"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self._module, self._settings),
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            port = await process.stdout.readline()
        assert port, log.read_text()
        worker = Worker(process, int(port), log)
        self.all.append(worker)
        return worker

    async def fill(self, count: int) -> None:
        """Start as many as are missing, side by side."""
        missing = count - len(self.living())
        await asyncio.gather(*(self.start() for _ in range(missing)))

    def living(self) -> list[Worker]:
        """Those that have not ended."""
        return [one for one in self.all if one.alive]

    def any_url(self, chance: Random) -> str:
        """The socket of one of the living, as a load balancer would choose."""
        return chance.choice(self.living()).url

    def complaints(self) -> list[str]:
        """Lines of their logs that tell of a bug."""
        lines = [line for one in self.all for line in one.log.read_text().splitlines()]
        return [line for line in lines if "reference" in line or "Traceback" in line]

    async def stop(self) -> None:
        """Kill those that still live."""
        for one in self.all:
            with suppress(ProcessLookupError):
                await one.kill()

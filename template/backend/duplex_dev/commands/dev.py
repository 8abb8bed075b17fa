"""`poe dev`: the API with reload and Vite with hot reload, behind one URL."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from watchfiles import (
    PythonFilter,
    awatch,  # pyright: ignore[reportUnknownVariableType] trio is not installed
)

from duplex import Settings
from duplex_dev.console import TaskError, no_arguments, say
from duplex_dev.machine import node, python, setup
from duplex_dev.machine.ports import free_port, must_be_free, wait_for
from duplex_dev.machine.supervise import Child
from duplex_dev.paths import BACKEND, FRONTEND, ROOT, shown
from duplex_dev.preparation import prepare
from duplex_dev.project import load_settings

HEALTH = "/api/v1/health"

START_TIMEOUT = 60.0
"""Seconds until the API or Vite must answer."""

WATCH_TIMEOUT = 500
"""Milliseconds after which the watcher's thread looks whether it shall end."""


def main(arguments: list[str]) -> int:
    """Run both until Ctrl-C, or until one of them ends."""
    no_arguments("dev", arguments)
    prepare()
    settings = load_settings()
    must_be_free(settings.host, settings.port)
    setup.migrate()
    return asyncio.run(_Development(settings).run())


class _Development:
    """The two servers, and what restarts the API."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._api_port = free_port()
        # The page's session comes back by itself, so a reload need not wait for a drain.
        api = python.environment(
            {"SESSION_DRAIN": "0", **os.environ},
            HOST="127.0.0.1",
            PORT=str(self._api_port),
            WORKERS="1",
        )
        self._api = Child("The API", python.command("app"), folder=ROOT, environment=api)
        vite = node.environment(
            API_URL=f"http://127.0.0.1:{self._api_port}",
            HOST=settings.host,
            PORT=str(settings.port),
        )
        self._vite = Child(
            "Vite",
            node.tool("vite/bin/vite.js", "--clearScreen", "false"),
            folder=FRONTEND,
            environment=vite,
        )

    async def run(self) -> int:
        """Start both, restart the API on changes; returns the exit code."""
        loop = asyncio.get_running_loop()
        if os.name != "nt":
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self._stop.set)
        # Before the API reads its code: what is saved from then on must start it again.
        changes: asyncio.Queue[set[Path]] = asyncio.Queue()
        watcher = asyncio.create_task(_watch_into(changes))
        try:
            await self._start()
            return await self._watch(changes, watcher)
        finally:
            watcher.cancel()
            await asyncio.gather(self._vite.stop(), self._api.stop())

    async def _start(self) -> None:
        await self._api.start()
        await self._ready(self._api, self._api_port, HEALTH)
        # A branch that was changed to, or an editor while nothing ran, may have left it stale.
        await self._write_contract()
        await self._vite.start()
        await self._ready(self._vite, self._settings.port, "/")
        if not self._stop.is_set():
            host = "127.0.0.1" if self._settings.host == "0.0.0.0" else self._settings.host
            say(f"Open http://{host}:{self._settings.port} (Ctrl-C ends both servers)")

    async def _ready(self, child: Child, port: int, path: str) -> None:
        def alive() -> bool:
            return child.alive and not self._stop.is_set()

        answered = await asyncio.to_thread(wait_for, port, path, alive, START_TIMEOUT)
        if not answered and not self._stop.is_set():
            raise TaskError(f"{child.name} did not start; its reason is above.")

    async def _watch(self, changes: asyncio.Queue[set[Path]], watcher: asyncio.Task[None]) -> int:
        """Until Ctrl-C (0), or an error when a server ends although nobody touched its code."""
        stop = asyncio.create_task(self._stop.wait())
        vite = asyncio.create_task(self._vite.wait())
        api = asyncio.create_task(self._api.wait())
        while True:
            change = asyncio.create_task(changes.get())
            awaited: set[asyncio.Task[Any]] = {stop, vite, change, watcher}
            if self._api.alive:
                awaited.add(api)
            done, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if stop in done:
                return 0
            if watcher in done:
                watcher.result()
            if vite in done:
                raise TaskError(f"Vite ended ({vite.result()}), so the API was stopped as well.")
            if api in done:
                raise TaskError(f"The API ended ({api.result()}), so Vite was stopped as well.")
            await self._reload(change.result())
            api = asyncio.create_task(self._api.wait())

    async def _reload(self, changed: set[Path]) -> None:
        """Restart the API; its mistakes end nothing, since the next change may mend them."""
        say(f"{', '.join(sorted(map(shown, changed)))} changed: the API starts again")
        await self._api.stop()
        await self._api.start()
        try:
            await self._ready(self._api, self._api_port, HEALTH)
        except TaskError:
            say("The API did not start; its reason is above. The next change starts it again.")
            await self._api.stop()
            return
        await self._write_contract()

    async def _write_contract(self) -> None:
        """In a process of its own: this one has imported the models as they were."""
        process = await asyncio.create_subprocess_exec(
            *python.command("duplex_dev", "contract", "--quiet"), cwd=ROOT, env=python.environment()
        )
        await process.wait()


async def _watch_into(changes: asyncio.Queue[set[Path]]) -> None:
    """Put the Python files that change together, for as long as it is not cancelled."""
    watched = awatch(BACKEND / "app", watch_filter=PythonFilter(), rust_timeout=WATCH_TIMEOUT)
    async for changed in watched:
        await changes.put({Path(path) for _, path in changed})

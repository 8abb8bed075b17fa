"""The application on this machine: `poe dev` with reload, `poe serve` as in production."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from watchfiles import (
    PythonFilter,
    awatch,  # pyright: ignore[reportUnknownVariableType] trio is not installed
)

from duplex_dev.console import TaskError, complain, no_arguments, say
from duplex_dev.contract import files
from duplex_dev.contract.files import WarmCompiler, describe_application, prepare
from duplex_dev.machine import node, processes, setup
from duplex_dev.machine.network import free_port, must_be_free, reachable_host, url_of, wait_for
from duplex_dev.machine.processes import Child
from duplex_dev.machine.warm import CallEnded, WarmProcess, WarmPython
from duplex_dev.project import (
    BACKEND,
    FRONTEND,
    ROOT,
    ServerSettings,
    load_settings,
    server_settings,
    shown,
)

HEALTH = "/api/v1/health"

START_TIMEOUT = 60.0
"""Seconds until the API or Vite must answer."""

WATCH_TIMEOUT = 500
"""Milliseconds after which the watcher's thread checks whether it has to end."""


def dev(arguments: list[str]) -> int:
    """The API with reload and Vite with hot reload behind one URL, until one of them ends."""
    no_arguments("dev", arguments)
    warm_python = WarmPython()
    warm_python.start()
    setup.prepare()
    try:
        return asyncio.run(_Development(warm_python).run())
    except CallEnded:
        return 1


class _Development:
    """The two servers, and the watcher that restarts the API."""

    def __init__(self, warm_python: WarmPython) -> None:
        self._python = warm_python
        self._compiler = WarmCompiler()
        self._stop = asyncio.Event()
        self._api_port = free_port()
        # The page's session reconnects by itself, so a reload need not wait for a drain.
        self._environment = processes.python_environment(
            {"SESSION_DRAIN": "0", **os.environ},
            HOST="127.0.0.1",
            PORT=str(self._api_port),
            WORKERS="1",
        )
        self._api: WarmProcess | None = None
        self._vite: Child | None = None

    async def run(self) -> int:
        """Start both, restart the API on changes; returns the exit code."""
        loop = asyncio.get_running_loop()
        if os.name != "nt":
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self._stop.set)
        # Before the API reads its code: a file saved from now on must restart it.
        changes: asyncio.Queue[set[Path]] = asyncio.Queue()
        watcher = asyncio.create_task(_watch_into(changes))
        starting = asyncio.create_task(self._start())
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
            if stop.done():
                return 0
            vite, url = starting.result()
            say(f"Open {url} (Ctrl-C ends both servers)")
            return await self._watch(vite, changes, watcher)
        finally:
            for task in (starting, watcher, stop):
                task.cancel()
            await asyncio.gather(starting, watcher, stop, return_exceptions=True)
            servers = [server for server in (self._vite, self._api) if server is not None]
            await asyncio.gather(self._compiler.stop(), *(server.stop() for server in servers))

    async def _start(self) -> tuple[Child, str]:
        """Start everything; returns Vite and the URL of the page."""
        await self._compiler.start()
        settings = await self._python.call(server_settings, processes.python_environment())
        must_be_free(settings.host, settings.port)
        port = settings.port or free_port(settings.host)
        vite = self._vite = _vite(settings, port, self._api_port)
        # A checkout or an edit while nothing ran may have left the contract stale. Where it is
        # missing, Vite and the type checker would report every import of it.
        is_first = not files.all_present()
        if is_first:
            await self._write_contract()
        await _all_of(
            self._start_vite(vite, settings.host, port),
            self._migrate_and_start_api(),
            *([] if is_first else [self._write_contract()]),
        )
        return vite, url_of(settings.host, port)

    async def _start_vite(self, vite: Child, host: str, port: int) -> None:
        await vite.start()
        await self._ready(vite, reachable_host(host), port, "/")

    async def _migrate_and_start_api(self) -> None:
        migration = self._python.module(
            "Migration", "app", processes.python_environment(), "migrate"
        )
        await migration.start()
        if await migration.wait() != 0:
            raise TaskError("The database could not be migrated; the reason is above.")
        await self._start_api()

    async def _start_api(self) -> None:
        self._api = self._python.module("The API", "app", self._environment)
        await self._api.start()
        await self._ready(self._api, "127.0.0.1", self._api_port, HEALTH)

    async def _ready(self, server: Child | WarmProcess, host: str, port: int, path: str) -> None:
        def alive() -> bool:
            return server.alive and not self._stop.is_set()

        answered = await asyncio.to_thread(wait_for, port, path, alive, START_TIMEOUT, host)
        if not answered and not self._stop.is_set():
            raise TaskError(f"{server.name} did not start; the reason is above.")

    async def _watch(
        self, vite: Child, changes: asyncio.Queue[set[Path]], watcher: asyncio.Task[None]
    ) -> int:
        """Run until Ctrl-C (0). Raises TaskError when a server ends although no code changed."""
        stop = asyncio.create_task(self._stop.wait())
        vite_end = asyncio.create_task(vite.wait())
        while True:
            change = asyncio.create_task(changes.get())
            awaited: set[asyncio.Task[Any]] = {stop, vite_end, change, watcher}
            api_end = None
            if self._api is not None and self._api.alive:
                api_end = asyncio.create_task(self._api.wait())
                awaited.add(api_end)
            done, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if stop in done:
                return 0
            if watcher in done:
                watcher.result()
            if vite_end in done:
                raise TaskError(f"Vite ended ({vite_end.result()}), so the API was stopped too.")
            if api_end is not None and api_end in done:
                raise TaskError(f"The API ended ({api_end.result()}), so Vite was stopped too.")
            await self._reload(change.result())

    async def _reload(self, changed: set[Path]) -> None:
        """Restart the API and write the contract. Mistakes in the code end nothing."""
        say(f"{', '.join(sorted(map(shown, changed)))} changed: the API starts again")
        if any(path.is_relative_to(BACKEND / "duplex") for path in changed):
            complain("The engine itself changed: start `poe dev` again to use it.")
        stopping = asyncio.create_task(self._api.stop()) if self._api is not None else None
        try:
            described = await self._describe()
        except (TaskError, CallEnded) as error:
            complain(f"{error}\n  The API is stopped until the next change.")
            return
        finally:
            if stopping is not None:
                await stopping
        results = await asyncio.gather(
            self._start_api(),
            files.write_described(described, self._compiler),
            return_exceptions=True,
        )
        for failure in results:
            if isinstance(failure, TaskError):
                complain(str(failure))
            elif isinstance(failure, BaseException):
                raise failure

    async def _write_contract(self) -> None:
        await files.write_with(self._describe, self._compiler)

    async def _describe(self) -> str:
        return await self._python.call(describe_application, self._environment)


def _vite(settings: ServerSettings, port: int, api_port: int) -> Child:
    environment = node.environment(
        API_URL=f"http://127.0.0.1:{api_port}",
        HOST=settings.host,
        PORT=str(port),
        DEV_ALLOWED_HOSTS=json.dumps(vite_hosts(settings.allowed_hosts)),
    )
    command = node.tool("vite/bin/vite.js", "--clearScreen", "false")
    return Child("Vite", command, folder=FRONTEND, environment=environment)


def vite_hosts(allowed: tuple[str, ...]) -> list[str] | bool:
    """ALLOWED_HOSTS as Vite's `server.allowedHosts`: `*.example.org` is `.example.org` there."""
    return True if "*" in allowed else [host.removeprefix("*") for host in allowed]


async def _all_of(*steps: Awaitable[None]) -> None:
    """Run the steps at the same time; the first failure cancels the others."""
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch_into(changes: asyncio.Queue[set[Path]]) -> None:
    """Put the Python files that change together, until this task is cancelled."""
    watched = awatch(
        BACKEND / "app",
        BACKEND / "duplex",
        watch_filter=PythonFilter(),
        rust_timeout=WATCH_TIMEOUT,
    )
    async for changed in watched:
        await changes.put({Path(path) for _, path in changed})


def serve(arguments: list[str]) -> int:
    """Page, API and socket on one port: build and migrate what is stale, then become the server.

    HOST and PORT are settings.
    """
    no_arguments("serve", arguments)
    prepare()
    settings = load_settings()
    must_be_free(settings.host, settings.port)
    port = settings.port or free_port(settings.host)
    setup.build_frontend()
    setup.migrate()
    command = processes.python_command("app")
    say(f"Starting on {url_of(settings.host, port)} (Ctrl-C ends it)")
    os.chdir(ROOT)
    os.environ.update(processes.python_environment(PORT=str(port)))
    if os.name != "nt":
        # The server takes this process's place, so signals reach it directly.
        os.execv(sys.executable, command)
    return subprocess.run(command, check=False).returncode

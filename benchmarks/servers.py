"""Start and watch the servers under test: pinned to core 0, CPU time from the system."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

HERE = Path(__file__).parent
BACKEND = HERE.parent / "template" / "backend"


@dataclass
class Server:
    """One or more server processes that are measured together."""

    ports: list[int]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def cpu(self) -> float:
        """CPU seconds (user and system) that the processes and their children have used so far."""
        return sum(
            sum(part.cpu_times()[:2])
            for process in self.processes
            for part in [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
        )

    def rss(self) -> int:
        """Resident bytes."""
        return sum(psutil.Process(process.pid).memory_info().rss for process in self.processes)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it listened")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


@contextmanager
def serving(
    command: list[str], workers: int = 1, env: dict[str, str] | None = None
) -> Iterator[Server]:
    """Run `command`, `{port}` filled in, once per worker; end exactly these processes after."""
    server = Server([])
    with tempfile.TemporaryDirectory() as scratch:
        try:
            for _ in range(workers):
                port = free_port()
                process = subprocess.Popen(
                    [
                        "taskset",
                        "-c",
                        "0",
                        sys.executable,
                        *(part.format(port=port) for part in command),
                    ],
                    cwd=scratch,
                    env={**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{BACKEND}", **(env or {})},
                    stdout=subprocess.DEVNULL,
                )
                server.ports.append(port)
                server.processes.append(process)
                wait_for(port, process)
            yield server
        finally:
            for process in server.processes:
                process.terminate()
            for process in server.processes:
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


def uvicorn(app: str, *options: str) -> list[str]:
    return ["-m", "uvicorn", app, "--port", "{port}", "--log-level", "error", *options]


def duplex() -> list[str]:
    """The arguments of Python for the engine as `duplex.server` serves it."""
    return ["-m", "duplex_server", "{port}"]


FAST = ("--loop", "uvloop", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false")

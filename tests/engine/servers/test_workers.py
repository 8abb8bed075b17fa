"""A start that fails ends the server at once, with a status; log lines of clients are few."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import pytest
from duplex.server import Quiet

from tests.engine.support import PATIENCE
from tools.source import ROOT

PROGRAM = """
import gc
from types import SimpleNamespace
from duplex import server

async def application(scope, receive, send):
    assert scope["type"] == "lifespan"
    await receive()
    collector = f"{gc.get_freeze_count() > 10_000}, {gc.get_threshold()[0]}"
    message = f"The database does not answer. Collector: {collector}."
    await send({"type": "lifespan.startup.failed", "message": message})

def create():
    return application

if __name__ == "__main__":
    server.HEALTH_PATIENCE = 600
    server.run("program:create", SimpleNamespace(
        host="127.0.0.1", port=0, workers=WORKERS, session_max_frame=65536,
        session_heartbeat=20.0, session_drain=20.0, session_max_connections=1000,
        forwarded_allow_ips=("127.0.0.1",),
    ))
"""


async def failed_start(workers: int, folder: Path) -> tuple[int | None, bytes]:
    """The exit status of a server that cannot start, and what it wrote."""
    program = folder / "program.py"
    program.write_text(PROGRAM.replace("WORKERS", str(workers)))
    path = os.pathsep.join(map(str, (folder, ROOT / "template/backend")))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        program,
        env={**os.environ, "PYTHONPATH": path},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        # Several processes start. A health check would be waited for much longer.
        async with asyncio.timeout(4 * PATIENCE):
            _, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, told


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_failed_start_exits_with_a_status_and_the_reason(
    workers: int, tmp_path: Path
) -> None:
    status, told = await failed_start(workers, tmp_path)
    assert status == 3
    assert b"The database does not answer." in told
    assert b"Traceback" not in told


@pytest.mark.parametrize("workers", [1, 3])
async def test_passes_of_the_garbage_collector_are_rare_and_leave_out_the_application(
    workers: int, tmp_path: Path
) -> None:
    _, told = await failed_start(workers, tmp_path)
    assert b"Collector: True, 10000." in told


def test_warnings_about_clients_are_shown_once_a_second() -> None:
    shown = Quiet().filter

    def line(
        at: float,
        name: str = "uvicorn.error",
        level: int = logging.WARNING,
        text: str = "Invalid HTTP request received.",
    ) -> bool:
        record = logging.LogRecord(name, level, "", 0, text, (), None)
        record.created = at
        return shown(record)

    assert [line(10.0), line(10.5), line(10.9), line(11.1)] == [True, False, False, True]
    # Another warning in between does not show this one again.
    other = "Unsupported upgrade request."
    assert [line(11.2, text=other), line(11.3), line(11.4, text=other)] == [True, False, False]
    assert line(11.2, name="duplex")
    assert line(11.2, level=logging.ERROR)

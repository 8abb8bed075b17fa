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
from types import SimpleNamespace
from duplex import server

async def application(scope, receive, send):
    assert scope["type"] == "lifespan"
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "The database does not answer."})

def create():
    return application

if __name__ == "__main__":
    server.HEALTH_PATIENCE = 600
    server.run("program:create", SimpleNamespace(
        host="127.0.0.1", port=0, workers=WORKERS, session_max_frame=65536,
        session_heartbeat=20.0, session_drain=20.0,
    ))
"""


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_failed_start_exits_with_a_status_and_the_reason(
    workers: int, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.replace("WORKERS", str(workers)))
    path = os.pathsep.join(map(str, (tmp_path, ROOT / "template/backend")))
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
    assert process.returncode == 3
    assert b"The database does not answer." in told
    assert b"Traceback" not in told


def test_warnings_about_clients_are_shown_once_a_second() -> None:
    shown = Quiet().filter

    def line(at: float, name: str = "uvicorn.error", level: int = logging.WARNING) -> bool:
        record = logging.LogRecord(name, level, "", 0, "Invalid HTTP request received.", (), None)
        record.created = at
        return shown(record)

    assert [line(10.0), line(10.5), line(10.9), line(11.1)] == [True, False, False, True]
    assert line(11.2, name="duplex")
    assert line(11.2, level=logging.ERROR)

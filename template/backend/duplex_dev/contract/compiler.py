"""The TypeScript compiler of contracts: frontend/scripts/contract.mjs in a Node process.

The process reads one job per line and answers each with one line, so `poe dev` keeps it running:
loading the compilers takes longer than compiling.
"""

import asyncio
import json
import subprocess
from pathlib import Path

from duplex_dev.console import TaskError
from duplex_dev.machine import node
from duplex_dev.paths import CONTRACT_TS, FRONTEND, REST_TS

SCRIPT = FRONTEND / "scripts" / "contract.mjs"
"""In frontend/, because the compilers are the frontend's packages."""

MAX_LINE = 1 << 28
"""Bytes of an answer: far more than the types of any application."""


def compile_once(described: str) -> dict[Path, str]:
    """The texts of contract.ts and rest.ts, compiled by a process for this job alone."""
    done = subprocess.run(
        _command(),
        cwd=FRONTEND,
        env=node.environment(),
        input=_job(described),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise TaskError(f"frontend/scripts/{SCRIPT.name} failed:\n{done.stderr.strip()}")
    return _texts(done.stdout)


class WarmCompiler:
    """A compiler process that stays alive between jobs. Call `stop` at the end."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; it loads its packages in the background."""
        self._process = await asyncio.create_subprocess_exec(
            *_command(),
            cwd=FRONTEND,
            env=node.environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE,
            start_new_session=True,
        )

    async def compile(self, described: str) -> dict[Path, str]:
        """The texts of contract.ts and rest.ts. Starts the process again if it has ended."""
        if self._process is None or self._process.returncode is not None:
            await self.start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(_job(described).encode())
        line = await process.stdout.readline()
        if not line:
            await process.wait()
            raise TaskError(f"frontend/scripts/{SCRIPT.name} ended; its reason is above.")
        return _texts(line.decode())

    async def stop(self) -> None:
        """End the process."""
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()


def _command() -> list[str]:
    return [str(node.binary()), str(SCRIPT)]


def _job(described: str) -> str:
    files = {"contract": str(CONTRACT_TS), "rest": str(REST_TS)}
    return json.dumps({**json.loads(described), "files": files}) + "\n"


def _texts(line: str) -> dict[Path, str]:
    answer: dict[str, str] = json.loads(line)
    if "error" in answer:
        raise TaskError(f"frontend/scripts/{SCRIPT.name} failed:\n{answer['error']}")
    return {CONTRACT_TS: answer["contract"], REST_TS: answer["rest"]}

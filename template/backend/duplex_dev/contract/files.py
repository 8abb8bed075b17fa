"""The generated files: contract.ts, rest.ts and asyncapi.json.

The TypeScript compiler is frontend/scripts/contract.mjs in a Node process. It reads one job per
line and answers each with one line, so `poe dev` keeps it running: loading the compilers takes
longer than compiling.
"""

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

from duplex_dev.console import TaskError, say
from duplex_dev.machine import node, setup
from duplex_dev.project import ASYNCAPI_JSON, CONTRACT_TS, FRONTEND, GENERATED, REST_TS, shown

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


def describe_application() -> str:
    """The contract, the AsyncAPI document and the OpenAPI document, as JSON.

    Raises TaskError with the file and line when the application cannot be imported.
    """
    # Here and not above: it imports the engine, which `poe dev` does in another process only.
    from duplex_dev.contract.typescript import described

    return described()


COMPILED = "contract"
"""The fingerprint of the last compilation: comparing it is much faster than compiling."""


def all_present() -> bool:
    """Whether every generated file exists; it may be stale."""
    return all(file.is_file() for file in GENERATED)


def write(*, quiet: bool = False) -> None:
    """Bring the files up to date and print which of them changed."""
    described = describe_application()
    save(described, _compiled_before(described) or compile_once(described), quiet=quiet)


async def write_with(describe: Callable[[], Awaitable[str]], warm_compiler: WarmCompiler) -> None:
    """Bring the files up to date with processes that are running already."""
    await write_described(await describe(), warm_compiler)


async def write_described(described: str, warm_compiler: WarmCompiler) -> None:
    """Bring the files up to date with the description of the application."""
    texts = _compiled_before(described) or await warm_compiler.compile(described)
    save(described, texts, quiet=True)


def check() -> int:
    """Compare without writing; returns the exit code: 1 when a file is stale or missing."""
    described = describe_application()
    texts = _compiled_before(described) or compile_once(described)
    wanted = texts | {ASYNCAPI_JSON: asyncapi_of(described)}
    stale = [path for path, text in wanted.items() if _text(path) != text]
    for path in stale:
        fault = "does not match the code" if path.exists() else "is missing"
        say(f"{shown(path)} {fault}: run `uv run poe contract` and commit it")
    if not stale:
        say("contract.ts, rest.ts and asyncapi.json match the code")
    return 1 if stale else 0


def save(described: str, texts: dict[Path, str], *, quiet: bool) -> None:
    """Write the files that changed."""
    for path, text in {**texts, ASYNCAPI_JSON: asyncapi_of(described)}.items():
        if _text(path) == text:
            if not quiet:
                say(f"{shown(path)} is up to date")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        # Vite watches the file: it must never see a half-written one.
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
        say(f"Wrote {shown(path)}")
    setup.save_fingerprint(COMPILED, _fingerprint(described))


def asyncapi_of(described: str) -> str:
    """The text of asyncapi.json."""
    return str(json.loads(described)["asyncapi"])


def _compiled_before(described: str) -> dict[Path, str]:
    """The present TypeScript files if they were compiled from exactly this, else nothing."""
    if not setup.is_fresh(COMPILED, _fingerprint(described)):
        return {}
    return {path: path.read_text(encoding="utf-8") for path in (CONTRACT_TS, REST_TS)}


def _fingerprint(described: str) -> str:
    """The fingerprint of everything that the TypeScript files depend on, and of the files."""
    inputs = [SCRIPT, *setup.package_files()]
    files = [file for file in (*inputs, CONTRACT_TS, REST_TS) if file.is_file()]
    return setup.fingerprint(files, FRONTEND, described)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def prepare() -> None:
    """Set the project up, and generate the types where they are missing."""
    setup.prepare()
    if not all_present():
        with setup.lock():
            # Another command may have generated them meanwhile.
            if not all_present():
                write()

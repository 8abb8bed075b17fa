"""The generated files: contract.ts, rest.ts and asyncapi.json."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from duplex_dev.console import say
from duplex_dev.contract import compiler
from duplex_dev.contract.description import describe_application
from duplex_dev.machine import fingerprints, setup
from duplex_dev.paths import ASYNCAPI_JSON, CONTRACT_TS, FRONTEND, GENERATED, REST_TS, shown

COMPILED = "contract"
"""The fingerprint of the last compilation: comparing it is much faster than compiling."""


def all_present() -> bool:
    """Whether every generated file exists; it may be stale."""
    return all(file.is_file() for file in GENERATED)


def write(*, quiet: bool = False) -> None:
    """Bring the files up to date and print which of them changed."""
    described = describe_application()
    save(described, _compiled_before(described) or compiler.compile_once(described), quiet=quiet)


async def write_with(
    describe: Callable[[], Awaitable[str]], warm_compiler: compiler.WarmCompiler
) -> None:
    """Bring the files up to date with processes that are running already."""
    await write_described(await describe(), warm_compiler)


async def write_described(described: str, warm_compiler: compiler.WarmCompiler) -> None:
    """Bring the files up to date with the description of the application."""
    texts = _compiled_before(described) or await warm_compiler.compile(described)
    save(described, texts, quiet=True)


def check() -> int:
    """Compare without writing; returns the exit code: 1 when a file is stale or missing."""
    described = describe_application()
    texts = _compiled_before(described) or compiler.compile_once(described)
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
    fingerprints.save(COMPILED, _fingerprint(described))


def asyncapi_of(described: str) -> str:
    """The text of asyncapi.json."""
    return str(json.loads(described)["asyncapi"])


def _compiled_before(described: str) -> dict[Path, str]:
    """The present TypeScript files if they were compiled from exactly this, else nothing."""
    if not fingerprints.is_fresh(COMPILED, _fingerprint(described)):
        return {}
    return {path: path.read_text(encoding="utf-8") for path in (CONTRACT_TS, REST_TS)}


def _fingerprint(described: str) -> str:
    """The fingerprint of everything that the TypeScript files depend on, and of the files."""
    inputs = [compiler.SCRIPT, FRONTEND / ".prettierrc.json", *setup.package_files()]
    files = [file for file in (*inputs, CONTRACT_TS, REST_TS) if file.is_file()]
    return fingerprints.fingerprint(files, FRONTEND, described)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None

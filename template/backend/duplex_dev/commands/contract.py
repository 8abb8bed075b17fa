"""`poe contract`: states -> contract.ts and docs/asyncapi.json, REST routes -> rest.ts."""

import argparse
import json
import subprocess
import traceback
from pathlib import Path

from duplex import Project
from duplex.contract.asyncapi.document import text_of
from duplex_dev import project
from duplex_dev.console import TaskError, say
from duplex_dev.contract.against import against
from duplex_dev.contract.typescript import blocks_of
from duplex_dev.machine import node, setup, stamps
from duplex_dev.paths import ASYNCAPI_JSON, BACKEND, CONTRACT_TS, FRONTEND, REST_TS, STATES, shown

SCRIPT = "scripts/contract.mjs"
"""In frontend/, where the compilers' packages are."""

STAMP = "contract"
"""Says what was compiled last: compiling takes seconds, comparing need not."""


def main(arguments: list[str]) -> int:
    """Write the files; with `--check` only compare, and fail when one is stale."""
    parser = argparse.ArgumentParser("poe contract", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare, change nothing")
    parser.add_argument("--quiet", action="store_true", help="say nothing when nothing changed")
    parser.add_argument(
        "--against", metavar="REF", help="say which changes since a git ref break older pages"
    )
    wish = parser.parse_args(arguments)
    if wish.against is not None:
        return against(wish.against)
    setup.prepare(contract=False)
    if wish.check:
        return check()
    write(quiet=wish.quiet)
    return 0


def write(*, quiet: bool = False) -> None:
    """Bring the files up to date, and say which of them changed."""
    described = _described()
    for path, text in _generated(described).items():
        if _text(path) == text:
            if not quiet:
                say(f"{shown(path)} is up to date")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        # Vite watches the file: it never sees half of it.
        half = path.with_suffix(".part")
        half.write_text(text, encoding="utf-8", newline="\n")
        half.replace(path)
        say(f"Wrote {shown(path)}")
    stamps.write(STAMP, _everything(described))


def check() -> int:
    """Compare without writing; returns the exit code: 1 when a file is stale or missing."""
    stale = [path for path, text in _generated(_described()).items() if _text(path) != text]
    for path in stale:
        fault = "does not match the code" if path.exists() else "is missing"
        say(f"{shown(path)} {fault}: run `uv run poe contract` and commit it")
    if not stale:
        say("contract.ts, rest.ts and asyncapi.json match the code")
    return 1 if stale else 0


def _generated(described: str) -> dict[Path, str]:
    """What the files should say."""
    return _typescript(described) | {ASYNCAPI_JSON: json.loads(described)["asyncapi"]}


def _typescript(described: str) -> dict[Path, str]:
    """The page's types; the compilers run unless they said just this before."""
    if stamps.is_fresh(STAMP, _everything(described)):
        return {path: path.read_text(encoding="utf-8") for path in (CONTRACT_TS, REST_TS)}
    answer = subprocess.run(
        [str(node.binary()), SCRIPT],
        cwd=FRONTEND,
        env=node.environment(),
        input=described,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if answer.returncode != 0:
        raise TaskError(f"frontend/{SCRIPT} failed:\n{answer.stderr.strip()}")
    texts = json.loads(answer.stdout)
    return {CONTRACT_TS: texts["contract"], REST_TS: texts["rest"]}


def _everything(described: str) -> str:
    """One fingerprint of all that goes into the page's types, and of these as they are."""
    inputs = [FRONTEND / SCRIPT, FRONTEND / ".prettierrc.json", *setup.package_files()]
    files = [file for file in (*inputs, CONTRACT_TS, REST_TS) if file.is_file()]
    return stamps.digest(files, FRONTEND, described)


def _described() -> str:
    """What SCRIPT reads on its stdin; raises TaskError when the application cannot be imported."""
    try:
        # The application is imported here, so that a mistake in it ends in a plain message.
        application = project.application()
        settings = project.settings_type().given()
        return json.dumps(
            {
                "contract": blocks_of(application.contract()),
                "asyncapi": text_of(application.asyncapi(Project.read(settings.root))),
                "openapi": application.create(settings).openapi(),
            }
        )
    except Exception as error:
        raise TaskError(_where(error)) from error


def _where(error: Exception) -> str:
    """The mistake and the line of the project that it is on."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(BACKEND)
    ]
    if type(error).__name__ == "BadState":
        # Its sentence names the model; where the engine found it is of no use.
        own = [frame for frame in own if Path(frame.filename).is_relative_to(STATES)]
    place = f"{shown(Path(own[-1].filename))}:{own[-1].lineno}: " if own else ""
    return f"{place}{type(error).__name__}: {error}"


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None

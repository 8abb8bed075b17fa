"""Runs Python in forks of a process that has imported the packages: each saves a second.

    python forks.py

is that process. Each line of its input is a JSON object: `arguments` of Python (`-m MODULE …`,
`-c CODE …` or `FILE …`), `folder`, `environment` and the files `out` and `err`. Each line of its
output is the exit code of one.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

PACKAGES = (
    "aiosqlite",
    "alembic.command",
    "argon2",
    "fastapi",
    "httpx",
    "jwt",
    "psycopg",
    "pydantic_settings",
    "redis.asyncio",
    "sqlalchemy.ext.asyncio",
    "uvicorn",
    "websockets",
    "zxcvbn",
)
"""Packages of the engine: slow to import, and the same for all programs."""


def run_python(
    arguments: list[str], folder: Path, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """As `subprocess.run` of Python with these arguments. `PYTHONPATH` of the environment
    is the beginning of the program's path.
    """
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    with tempfile.TemporaryDirectory(prefix="fork-") as name:
        out, err = Path(name) / "out", Path(name) / "err"
        job = {
            "arguments": arguments,
            "folder": str(folder),
            "environment": dict(environment),
            "out": str(out),
            "err": str(err),
        }
        print(json.dumps(job), file=process.stdin, flush=True)
        code = int(process.stdout.readline())
        texts = [file.read_text(encoding="utf-8") for file in (out, err)]
    return subprocess.CompletedProcess(arguments, code, *texts)


@cache
def _process() -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.communicate)
    return process


def _fork(job: dict[str, Any]) -> int:
    """Run one job; its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 1
    try:
        code = _run(**job)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(arguments: list[str], folder: str, environment: dict[str, str], **_: str) -> int:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    # Python's own first entry: the folder of the program's file, else the current one.
    sys.path[0] = folder if arguments[0].startswith("-") else str(Path(arguments[0]).parent)
    sys.path[1:1] = environment.get("PYTHONPATH", "").split(os.pathsep)
    try:
        match arguments:
            case ["-m", module, *rest]:
                sys.argv = [module, *rest]
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            case ["-c", code, *rest]:
                sys.argv = ["-c", *rest]
                exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
            case [file, *rest]:
                sys.argv = [file, *rest]
                runpy.run_path(file, run_name="__main__")
            case _:
                raise ValueError(arguments)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    # The path of the suite is not that of the programs.
    ours = set(os.environ.pop("PYTHONPATH", "").split(os.pathsep))
    sys.path[1:] = [entry for entry in sys.path[1:] if entry not in ours]
    for package in PACKAGES:
        importlib.import_module(package)
    gc.freeze()
    for line in sys.stdin:
        print(_fork(json.loads(line)), flush=True)

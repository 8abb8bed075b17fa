"""`poe contract --against REF`: what the present contract means for a page of an older one."""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import cast

from duplex_dev.console import TaskError
from duplex_dev.contract.changes import Change, Told, compare
from duplex_dev.machine import python
from duplex_dev.paths import BACKEND, ROOT

DUMP = """\
import json, sys
from dataclasses import asdict
from duplex.contract.describe import describe
from app.main import application
contract = asdict(application.contract())
sys.__stdout__.write("\\n" + json.dumps(contract))
"""
"""Runs in the older tree, so it uses no more of it than every release has."""

TIMEOUT = 120.0
"""Seconds that an older tree may take to be imported."""


def against(ref: str) -> int:
    """Compare with a git ref and print every change; returns 1 when one is breaking."""
    with tempfile.TemporaryDirectory(prefix="contract-") as name:
        unpack(archive(ref), Path(name))
        old = dump(Path(name) / BACKEND.name, f"The states of {ref}")
    changes = compare(old, dump(BACKEND, "The present states"))
    print("\n".join(report(ref, changes)), flush=True)
    return 1 if any(change.breaking for change in changes) else 0


def report(ref: str, changes: list[Change]) -> list[str]:
    """One line for each change, those that break first, and one that sums up."""
    ordered = sorted(changes, key=lambda change: not change.breaking)
    lines = [
        f"{'✗ breaking' if change.breaking else '• safe    '}  {change.where}: {change.what}"
        for change in ordered
    ]
    broken = sum(change.breaking for change in changes)
    if not changes:
        return [f"The contract is that of {ref}"]
    return [*lines, f"{broken} breaking and {len(changes) - broken} safe changes since {ref}"]


def archive(ref: str, root: Path = ROOT) -> bytes:
    """The tar of backend/ at a git ref. Raises TaskError with git's reason."""
    # --end-of-options: a ref that looks like an option must not be one.
    command = ["git", "archive", "--format=tar", "--end-of-options", ref, BACKEND.name]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise TaskError(
            "git is not installed, and an older contract can only come from it."
        ) from None
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip()
        raise TaskError(f"git has no {BACKEND.name}/ at {ref!r}: {reason}")
    return done.stdout


def unpack(tar: bytes, folder: Path) -> None:
    """Write the files of a tar below a folder, and nothing anywhere else."""
    try:
        with tarfile.open(fileobj=io.BytesIO(tar)) as packed:
            packed.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise TaskError(f"The older tree cannot be unpacked: {error}") from None


def dump(backend: Path, whose: str) -> Told:
    """The contract of the application in this folder, imported by a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", DUMP],
            cwd=backend,
            env=python.environment(PYTHONPATH=str(backend), PYTHONDONTWRITEBYTECODE="1"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TaskError(f"{whose} were not imported within {TIMEOUT:g} s.") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise TaskError(f"{whose} cannot be imported with the present packages: {reason}")
    return cast("Told", json.loads(done.stdout.rpartition("\n")[2]))

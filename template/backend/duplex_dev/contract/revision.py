"""`poe contract --against REF`: compares the contract with the one at a git revision."""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import cast

from duplex_dev.console import TaskError
from duplex_dev.contract.changes import Change, ContractJson, compare
from duplex_dev.machine import git, python
from duplex_dev.paths import BACKEND, ROOT

DUMP = """\
import json, sys
from dataclasses import asdict
from duplex.contract.describe import describe
from app.main import application
contract = asdict(application.contract())
sys.__stdout__.write("\\n" + json.dumps(contract))
"""
"""Runs in the older tree, so it uses only names that every release has."""

TIMEOUT = 120.0
"""Seconds that importing an older tree may take."""


def compare_with(ref: str) -> int:
    """Compare with a git ref and print every change; returns 1 when one of them is breaking."""
    with tempfile.TemporaryDirectory(prefix="contract-") as name:
        unpack(archive(ref), Path(name))
        old = contract_of(Path(name) / BACKEND.name, f"The states of {ref}")
    changes = compare(old, contract_of(BACKEND, "The present states"))
    print("\n".join(report(ref, changes)), flush=True)
    return 1 if any(change.breaking for change in changes) else 0


def report(ref: str, changes: list[Change]) -> list[str]:
    """One line for each change, breaking ones first, and a summary."""
    ordered = sorted(changes, key=lambda change: not change.breaking)
    lines = [
        f"{'✗ breaking' if change.breaking else '• safe    '}  {change.where}: {change.what}"
        for change in ordered
    ]
    broken = sum(change.breaking for change in changes)
    if not changes:
        return [f"The contract is the same as at {ref}"]
    return [*lines, f"{broken} breaking and {len(changes) - broken} safe changes since {ref}"]


def archive(ref: str, root: Path = ROOT) -> bytes:
    """The tar of backend/ at a git ref. Raises TaskError with git's message."""
    try:
        # --end-of-options: a ref that looks like an option is not taken as one.
        return git.git(root, "archive", "--format=tar", "--end-of-options", ref, BACKEND.name)
    except git.GitError as error:
        raise TaskError(f"git has no {BACKEND.name}/ at {ref!r}: {error}") from None


def unpack(tar: bytes, folder: Path) -> None:
    """Write the files of a tar below a folder, and nothing anywhere else."""
    try:
        with tarfile.open(fileobj=io.BytesIO(tar)) as packed:
            packed.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise TaskError(f"The older tree cannot be unpacked: {error}") from None


def contract_of(backend: Path, subject: str) -> ContractJson:
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
        raise TaskError(f"{subject} were not imported within {TIMEOUT:g} s.") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise TaskError(f"{subject} cannot be imported with the present packages: {reason}")
    return cast("ContractJson", json.loads(done.stdout.rpartition("\n")[2]))

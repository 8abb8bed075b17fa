"""`poe contract --against REF`: compares the contract with the one at a git revision.

docs/deployment.md lists which changes break pages that were loaded before.
The server must still accept old requests, so the old request type has to fit into the new one. Old
pages must still understand new responses, so the new response type has to fit into the old one. A
difference that prevents this is breaking; any other difference is safe.
"""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from duplex.contract.describe import Schema
from duplex_dev.console import TaskError
from duplex_dev.contract.compatibility import Definitions, Difference, differences
from duplex_dev.machine import git, processes
from duplex_dev.project import BACKEND, ROOT

ContractJson = dict[str, Any]
"""A contract as JSON: `states` (request, response, options by name), `events` (data, options by
name) and `definitions`.
"""

RETAINED = ("none", "latest", "all")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: where it is (`startThings request text`), and the new and the old value."""

    breaking: bool
    where: str
    what: str


def compare(old: ContractJson, new: ContractJson) -> list[Change]:
    """All changes: those of states by name, then those of events by name, then the document's."""
    changes: list[Change] = []
    for name in sorted({**old["states"], **new["states"]}):
        before, now = old["states"].get(name), new["states"].get(name)
        if now is None:
            changes.append(Change(True, name, "the state was removed"))
        elif before is None:
            changes.append(Change(False, name, "a new state"))
        else:
            changes += _options(name, before["options"], now["options"])
            changes += _side(name, "request", before["request"], now["request"], old, new)
            changes += _side(name, "response", before["response"], now["response"], old, new)
    for name in sorted({**old["events"], **new["events"]}):
        before, now = old["events"].get(name), new["events"].get(name)
        if now is None:
            changes.append(Change(True, name, "the event was removed"))
        elif before is None:
            changes.append(Change(False, name, "a new event"))
        else:
            changes += _options(name, before["options"], now["options"])
            changes += _side(name, "data", before["data"], now["data"], old, new)
    opened = {"$ref": "#/$defs/Initialised"}
    return changes + _side("initialised", "response", opened, opened, old, new)


def _side(
    name: str,
    side: Literal["request", "response", "data"],
    before: Schema,
    now: Schema,
    old: ContractJson,
    new: ContractJson,
) -> list[Change]:
    defs = Definitions(old["definitions"]), Definitions(new["definitions"])
    received = side != "request"
    forward = differences(before, now, defs[0], defs[1], response=received)
    backward = differences(now, before, defs[1], defs[0], response=received)
    turned = [Difference(one.path, one.outer, one.inner) for one in backward]
    breaking, safe = (turned, forward) if received else (forward, turned)
    broken = {one.path for one in breaking}
    return [
        *(_change(True, name, side, one) for one in breaking),
        *(_change(False, name, side, one) for one in safe if one.path not in broken),
    ]


def _change(breaking: bool, name: str, side: str, one: Difference) -> Change:
    where = " ".join(part for part in (name, side, one.path) if part)
    return Change(breaking, where, f"{one.outer} (was: {one.inner})")


def _options(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    changes: list[Change] = []
    for option in sorted({*old, *new}):
        before, now = old.get(option), new.get(option)
        if before != now:
            breaking = _breaks(option, before, now)
            what = f"{_word(now)} (was: {_word(before)})"
            changes.append(Change(breaking, f"{name} {option}", what))
    return sorted(changes, key=lambda change: not change.breaking)


def _breaks(option: str, before: Any, now: Any) -> bool:
    match option:
        case "admin":
            return now is True
        case "to":
            return now == "sender"
        case "retain" if before in RETAINED and now in RETAINED:
            return RETAINED.index(now) < RETAINED.index(before)
        case _:
            return True


def _word(value: Any) -> str:
    return {True: "yes", False: "no", None: "not declared"}.get(value, str(value))


DUMP = """\
import json, sys
from dataclasses import asdict
from duplex.contract.describe import describe
from app.main import application
contract = asdict(application.contract())
sys.__stdout__.write("\\n" + json.dumps(contract))
"""
"""Runs in both trees, so it uses only names that every release has."""

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
    return [*lines, f"Changes since {ref}: {broken} breaking, {len(changes) - broken} safe"]


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
            env=processes.python_environment(PYTHONPATH=str(backend), PYTHONDONTWRITEBYTECODE="1"),
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

"""`poe release-check`: a project of each earlier release, with a team's edits, takes this tree.

The releases are those of releases.toml; tags are made in a scratch clone. Every pair of answers
occurs. Without --full, the files are only compared and compiled; with it, `poe test` runs in each
project.
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from copier import run_copy, run_update
from duplex_dev.project import ENGINE
from duplex_dev.update.changing import MOVED, moves
from duplex_dev.update.engine_files import differences
from duplex_dev.update.engine_files import released as engine_hashes

from tools.hashes import LIST
from tools.imports import unresolved
from tools.releases import (
    NEXT,
    Release,
    ReleaseError,
    allowed_conflicts,
    git,
    released,
    scratch_clone,
)
from tools.team_edits import Edited, edit_everything, replace_document

EVERY_METHOD = ["password", "magic_link", "totp", "passkey"]
MANY = ["ask", "getURL2Go", "open", "pauseThings"]

PAIRWISE: list[dict[str, Any]] = [
    {"frontend": "vue", "auth": [], "example": "notes"},
    {"frontend": "react", "auth": [], "example": "none", "states": MANY},
    {"frontend": "vue", "auth": ["password"], "example": "none", "states": MANY},
    {"frontend": "react", "auth": ["password"], "example": "notes"},
    {"frontend": "vue", "auth": EVERY_METHOD, "example": "notes", "states": MANY},
    {"frontend": "react", "auth": EVERY_METHOD, "example": "none"},
]
"""Every pair of two answers occurs in one of them."""

LONGEST_CONFLICT = 40
"""Lines between the markers of a conflict that somebody can resolve at a glance."""

NOT_COMPARED = tuple(f"{folder}/" for folder in ENGINE)


def walk(
    template: Path, release: Release, answers: dict[str, Any], project: Path, *, own: bool
) -> list[str]:
    """Update a project with edits from a release to this tree; returns what went wrong."""
    run_copy(
        str(template), project, vcs_ref=release.version, data=answers, defaults=True, quiet=True
    )
    git(project, "init", "--quiet")
    before = {path.relative_to(project).as_posix() for path in _files(project)}
    moved = moves(project)
    edited = edit_everything(project) | (replace_document(project) if own else {})
    git(project, "add", "--all", "--force")
    git(project, "commit", "--quiet", "--message", "Ours")
    broken = {*unresolved(project)}  # by the edits
    run_update(project, vcs_ref=NEXT, defaults=True, overwrite=True, quiet=True)
    found = [*faults(project, edited), *gone(project, before)]
    found += [fault for fault in unresolved(project) if fault not in broken]
    if moves(project)[: len(moved)] != moved:
        found.append(f"{MOVED}: the lines of an earlier release are no longer its beginning")
    return found


def faults(project: Path, edited: Edited) -> Iterator[str]:
    """The faults of an update, found in the updated project."""
    allowed = allowed_conflicts()
    for name, text in edited.items():
        file = project / name
        if not file.is_file() or text not in file.read_text(encoding="utf-8"):
            yield f"{name}: an edit of the team is lost ({text!r})"
    for file in _files(project):
        name = file.relative_to(project).as_posix()
        if name.endswith(".rej"):
            yield f"{name}: rejected"
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        if sizes := conflict_sizes(text):
            for size in sizes:
                if name not in allowed or size > LONGEST_CONFLICT:
                    yield f"{name}: a conflict of {size} lines"
            continue
        if (fault := _unreadable(name, text)) is not None:
            yield f"{name}: {fault}"
    hashes = engine_hashes(project / LIST.relative_to("template"))
    for name, difference in differences(project, hashes).items():
        yield f"{name}: {difference}, though the team did not edit it"


def conflict_sizes(text: str) -> list[int]:
    """The lines from mark to mark of each conflict in a file; of one without an end, the rest."""
    lines, sizes = text.splitlines(), list[int]()
    for start in [at for at, line in enumerate(lines) if line == "<<<<<<< before updating"]:
        rest = lines[start:]
        end = ">>>>>>> after updating"
        sizes.append(rest.index(end) if end in rest else len(rest))
    return sizes


def gone(project: Path, before: set[str]) -> Iterator[str]:
    """Files that the release dropped without a trace: a team's edits in them would be lost."""
    for name in sorted(before):
        if not name.startswith(NOT_COMPARED) and not (project / name).is_file():
            yield (
                f"{name}: this tree no longer has it. List it in _exclude of copier.yml, so that"
                " plain `copier update` leaves it to the team, and in moved.txt if it has moved"
            )


def _unreadable(name: str, text: str) -> str | None:
    try:
        if name.endswith(".py"):
            ast.parse(text)
        elif name.endswith(".toml"):
            tomllib.loads(text)
        elif name.endswith("package.json"):
            json.loads(text)
    except (SyntaxError, ValueError) as error:
        return f"cannot be read any more: {error}"
    return None


def _files(project: Path) -> Iterator[Path]:
    for file in sorted(project.rglob("*")):
        if file.is_file() and ".git" not in file.relative_to(project).parts:
            yield file


def run_tests(project: Path) -> list[str]:
    """The project's own contract and tests after the update."""
    poe = [name for name in os.environ if name.startswith("POE_")]
    hidden = {"VIRTUAL_ENV", "PYTHONPATH", *poe}
    environment = {name: text for name, text in os.environ.items() if name not in hidden}
    for command in ("contract", "test"):
        uv = shutil.which("uv") or "uv"
        done = subprocess.run([uv, "run", "poe", command], cwd=project, env=environment)
        if done.returncode != 0:
            return [f"`poe {command}` fails after the update"]
    return []


def main() -> int:
    """Walk from every release; returns 1 when something went wrong."""
    parser = argparse.ArgumentParser("poe release-check", description=__doc__)
    parser.add_argument("--full", action="store_true", help="run each project's tests as well")
    parser.add_argument("--only", metavar="VERSION", help="walk from this release alone")
    options = parser.parse_args()
    releases = [one for one in released() if options.only in (None, one.version)]
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="release-check-") as name:
        try:
            template = scratch_clone(Path(name) / "template", released())
        except ReleaseError as error:
            print(f"✗ {error}", file=sys.stderr)
            return 1
        for release in releases:
            for number, answers in enumerate(PAIRWISE):
                project = Path(name) / f"{release.version}-{number}"
                # With an own document the example's states do not import, so half of them keep it.
                own = not options.full and number % 2 == 1
                found = walk(template, release, answers, project, own=own)
                if options.full and not found:
                    found = run_tests(project)
                title = ", ".join(f"{key}={value}" for key, value in answers.items())
                print(f"{'✗' if found else '✓'} {release.version} → here: {title}", flush=True)
                for fault in found:
                    print(f"    {fault}")
                wrong += bool(found)
                shutil.rmtree(project)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

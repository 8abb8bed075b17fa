"""`poe add-state NAME…`: new state names through Copier, at the template version in use now.

Copier renders the project with and without the new names and applies the difference: the new
modules appear, what the team wrote stays as it is.
"""

import argparse
import subprocess
from collections.abc import Iterable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any, cast

import yaml
from copier import VcsRef, run_update
from copier.errors import CopierError
from plumbum.commands.processes import ProcessExecutionError

from duplex_dev.console import TaskError, say
from duplex_dev.contract import files
from duplex_dev.machine import setup
from duplex_dev.paths import ROOT

ANSWERS = ".copier-answers.yml"

CONFLICT = "<<<<<<< "

INVALID = "Validation error for question 'states': "
"""What Copier says in front of the template's own message about a bad answer."""


def main(arguments: list[str]) -> int:
    """Add the names, then write the contract anew."""
    parser = argparse.ArgumentParser("poe add-state", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help="camelCase, such as pauseThings")
    names: list[str] = parser.parse_args(arguments).names
    answers = read_answers(ROOT / ANSWERS)
    states = extended(answers["states"], names)
    must_be_clean()
    say(f"Rendering with {', '.join(names)} …")
    update(states, answers)
    changed = changed_files()
    setup.prepare()
    torn = [name for name in changed if has_conflict(ROOT / name)]
    if torn:
        raise TaskError(
            "Your edits and the new states meet in the same lines. Resolve the conflict markers in"
            f" {', '.join(torn)}, then run `uv run poe contract`."
        )
    files.write()
    say("Changed or new:")
    for name in changed_files():
        print(f"    {name}")
    say("Next: write what they do in backend/app/states/ and frontend/src/states/, then commit.")
    return 0


def read_answers(file: Path) -> dict[str, Any]:
    """What this project was rendered with; raises TaskError when that cannot be told."""
    try:
        read: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TaskError(f"{file.name} is missing: it says which template this is.") from None
    except yaml.YAMLError as error:
        raise TaskError(f"{file.name} is not valid YAML: {error}") from None
    answers = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
    if not isinstance(answers.get("states"), list):
        raise TaskError(f"{file.name} has no list `states`; it must not be edited by hand.")
    if not answers.get("_commit") or not answers.get("_src_path"):
        raise TaskError(
            f"{file.name} does not say which version of the template this is: the project was"
            " rendered from a folder that is no git repository. Render it from one, at a tag."
        )
    return answers


def extended(states: Iterable[str], names: Iterable[str]) -> list[str]:
    """The states with the new ones behind; raises TaskError for a name that is there already."""
    old, new = list(states), list[str]()
    for name in names:
        if name in old:
            raise TaskError(f"{name!r} is a state of this project already. Nothing was changed.")
        if name in new:
            raise TaskError(f"{name!r} was given twice. Nothing was changed.")
        new.append(name)
    return [*old, *new]


def must_be_clean() -> None:
    """Copier needs git to tell the team's edits from the template's text."""
    inside = _git("rev-parse", "--is-inside-work-tree")
    if inside is None or _git("rev-parse", "--verify", "--quiet", "HEAD") is None:
        raise TaskError(
            "Copier needs a git repository with a commit here, to keep your edits:"
            " `git init && git add -A && git commit -m 'Scaffold'`, then try again."
        )
    if changed_files():
        raise TaskError(
            "There are changes that are not committed. Commit them first (or stash them), so that"
            " what the new states change can be seen, and undone, by itself."
        )


def changed_files() -> list[str]:
    """What git sees as changed or new, as paths in the root."""
    text = _git("status", "--porcelain", "--untracked-files=all", "-z", "--no-renames") or ""
    return sorted(line[3:] for line in text.split("\0") if line)


def update(states: list[str], answers: dict[str, Any]) -> None:
    """Let Copier apply the difference; raises TaskError in plain words when it cannot."""
    said = StringIO()
    try:
        with redirect_stderr(said):
            run_update(
                dst_path=str(ROOT),
                data={"states": states},
                vcs_ref=VcsRef.CURRENT,
                defaults=True,
                skip_answered=True,
                overwrite=True,
                quiet=True,
            )
    except ProcessExecutionError as error:
        raise TaskError(_unreachable(answers, str(error.stderr).strip())) from None
    except (CopierError, OSError, ValueError) as error:
        _, invalid, reason = str(error).partition(INVALID)
        if invalid:
            raise TaskError(f"{reason}. Nothing was changed.") from None
        raise TaskError(_unreachable(answers, f"{error}\n{said.getvalue()}".strip())) from None


def _unreachable(answers: dict[str, Any], reason: str) -> str:
    place = str(answers["_src_path"])
    hint = "Is it still there, and may you read it?"
    if ":" not in place and not Path(place).expanduser().is_absolute():
        hint = (
            f"Its path is looked up in this project: write an absolute one, or the URL, behind"
            f" `_src_path:` in {ANSWERS}, and commit that."
        )
    return (
        f"The template {place} at {answers['_commit']} could not be rendered again. {hint}"
        f" Copier says:\n{reason}"
    )


def has_conflict(file: Path) -> bool:
    """Whether Copier left conflict markers in it."""
    if not file.is_file():
        return False
    text = file.read_text(encoding="utf-8", errors="replace")
    return any(line.startswith(CONFLICT) for line in text.splitlines())


def _git(*arguments: str) -> str | None:
    """What git answers in the project's root; None when it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise TaskError("git is needed for this, and there is none on the PATH.") from None
    return done.stdout if done.returncode == 0 else None

"""A rendered project works: its own linters, tests, browser tests and promises pass inside it."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.combos import FULL, STATES, Combo
from tests.rendering import Render
from tests.repository import git
from tests.workshop import Project, Workshop, link_tree

GENERATED = {
    "frontend/src/api/generated/contract.ts",
    "frontend/src/api/generated/rest.ts",
    "docs/asyncapi.json",
    "uv.lock",
    "frontend/package-lock.json",
}
"""Files that the commands write and a team commits."""


SAME_IN_EVERY_SESSION = (
    "no session is open",
    "a session's name is its address",
    "the invite link is copied",
    "closing the tab leaves the session",
    "after ending the session",
    "an id that no session can have",
)
"""Tests of files that no answer but the frontend changes; both frontends run them with the default
states.
"""

SESSIONS = ["session", "--workers=1", f"--grep-invert={'|'.join(SAME_IN_EVERY_SESSION)}"]


def test_sets_itself_up(workshop: Workshop, deep_combo: Combo) -> None:
    project = workshop.project(deep_combo)
    assert (project.root / "frontend/src/api/generated/contract.ts").is_file()
    assert (project.root / ".env").is_file()
    compiled = project.root / "backend/duplex/__pycache__"
    assert any(compiled.glob("*.pyc")), "every command compiles the engine anew"


def test_has_no_linter_finding(
    workshop: Workshop,
    render: Callable[..., Render],
    deep_combo: Combo,
    every_combination: bool,
) -> None:
    """Where the states are many and awkward, and where all is rendered. The whole command, types
    included, runs in one project: in the others `poe test` checks the types, and
    `test_every_render_is_formatted` all files that are not generated.
    """
    if deep_combo.states == "single" and not every_combination:
        pytest.skip("nothing is rendered there that the others do not have")
    project = workshop.project(deep_combo)
    if deep_combo == FULL:
        project.poe("lint")
    else:
        project.linters(prettier=project.page_files_not_in(render(deep_combo.answers)))
    _git_has_nothing_to_report_but_what_a_team_commits(project)


def test_own_tests_pass(
    workshop: Workshop, deep_combo: Combo, alone: bool, every_combination: bool
) -> None:
    """`poe test`, but for the types where `poe lint` checks them, and those of the backends, which
    `test_backend_types.py` checks together. The whole command runs in the product of docs/product/.
    """
    project = workshop.project(deep_combo)
    if deep_combo == FULL:
        project.untyped_tests()
    elif alone or every_combination:
        project.poe("test")
    else:
        project.tests()
    _git_has_nothing_to_report_but_what_a_team_commits(project)


def test_works_in_a_browser(
    workshop: Workshop, deep_combo: Combo, everything: bool, alone: bool
) -> None:
    """All specs with the default states, else those of sessions that depend on the answers. In Vue
    with accounts the others run in the product of docs/product/ (`test_product.py`).
    """
    some = STATES[deep_combo.states] and not everything and not alone
    project = workshop.project(deep_combo)
    _the_build_has_no_warning(project.poe("e2e", *(SESSIONS if some else [])))
    _git_has_nothing_to_report_but_what_a_team_commits(project)


def test_keeps_the_promises(workshop: Workshop, deep_combo: Combo, everything: bool) -> None:
    """Chaos on its states, and the browser's specs of the engine's promises.

    The specs are the same files in both frontends. The full combination runs all of them in React,
    the product those of the connection in Vue, and `--all` all of them in every combination, with
    the example and without.
    """
    if not everything:
        pytest.skip("one combination keeps them for all; `--all` asks every one")
    project = workshop.project(deep_combo)
    _the_build_has_no_warning(project.poe("promises"))
    _git_has_nothing_to_report_but_what_a_team_commits(project)


HOOK = """\
#!/bin/sh
set -e
env | grep -q '^GIT_INDEX_FILE='
uv run poe test backend > {log} 2>&1
"""


def test_its_tests_in_a_git_hook_of_a_worktree_change_no_repository(
    workshop: Workshop, deep_combo: Combo, tmp_path: Path
) -> None:
    """A hook names its repository in the environment of everything that it runs."""
    if deep_combo == FULL or deep_combo.states != "single":
        pytest.skip("git is the same in every project")
    project = workshop.project(deep_combo)
    outer, worktree, log = tmp_path / "outer", tmp_path / "worktree", tmp_path / "hook.log"
    shutil.copytree(
        project.root, outer, ignore=shutil.ignore_patterns("node_modules", ".venv", ".git")
    )
    git(outer, "init", "--quiet")
    git(outer, "add", ".")
    git(outer, "commit", "--quiet", "--message", "From the template")
    git(outer, "worktree", "add", "--quiet", "-b", "work", str(worktree))
    packages = "frontend/node_modules"
    link_tree(project.root / packages, worktree / packages)
    hook = outer / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(log=log))
    hook.chmod(0o755)
    before = state_of(outer)
    with (worktree / "README.md").open("a", encoding="utf-8") as readme:
        readme.write("\nMore.\n")
    author = ("-c", "user.name=Suite", "-c", "user.email=suite@example.com")
    commit = ("git", *author, "commit", "--quiet", "--all", "--message", "More")
    done = subprocess.run(commit, cwd=worktree, env=project.environment, check=False)
    assert done.returncode == 0, log.read_text(encoding="utf-8")
    assert " passed" in log.read_text(encoding="utf-8")
    assert state_of(outer) == before
    assert git(worktree, "log", "--format=%s").splitlines() == ["More", "From the template"]
    assert git(worktree, "status", "--porcelain") == ""


def _the_build_has_no_warning(output: str) -> None:
    """Vite's part of a command's output; empty where another command has built the page."""
    built = output.partition("Building the frontend")[2].partition("✓ built in")[0]
    assert not re.search(r"warn|\(!\)|deprecated", built, re.IGNORECASE), built


def state_of(repository: Path) -> list[str]:
    """The parts of a repository that a stray git command would change."""
    return [
        (repository / ".git/config").read_text(encoding="utf-8"),
        git(repository, "rev-parse", "HEAD"),
        git(repository, "status", "--porcelain"),
        git(repository, "for-each-ref", "refs/tags", "refs/stash"),
    ]


def _git_has_nothing_to_report_but_what_a_team_commits(project: Project) -> None:
    lines = git(project.root, "status", "--porcelain", "--untracked-files").splitlines()
    assert {line[3:] for line in lines if line.startswith("??")} <= GENERATED
    assert not [line for line in lines if line[1] in "MD"]

"""What a team gets works: its own linters, tests and browser tests pass inside it."""

import subprocess

import pytest

from tests.combos import FULL, Combo
from tests.workshop import Project, Workshop

SAME_EVERYWHERE = tuple(f"--ignore=backend/tests/{name}" for name in ("chaos", "session", "tasks"))
"""pytest's options for leaving out the tests of what is never rendered differently."""


@pytest.fixture
def alone(request: pytest.FixtureRequest) -> bool:
    """Whether somebody wants to know quickly about one combination (`--combo`)."""
    return bool(request.config.getoption("--combo"))


@pytest.fixture
def everything(deep_combo: Combo, request: pytest.FixtureRequest, alone: bool) -> bool:
    """Whether this combination runs every test it has; with `--all` each does."""
    return bool(request.config.getoption("--all")) or (deep_combo == FULL and not alone)


def test_sets_itself_up(workshop: Workshop, deep_combo: Combo) -> None:
    project = workshop.project(deep_combo)
    assert (project.root / "frontend/src/api/contract.ts").is_file()
    assert (project.root / ".env").is_file()


def test_has_no_linter_or_type_finding(workshop: Workshop, deep_combo: Combo) -> None:
    project = workshop.project(deep_combo)
    project.poe("lint")
    _git_has_nothing_to_report_but_the_generated_types(project)


def test_own_tests_pass(workshop: Workshop, deep_combo: Combo, everything: bool) -> None:
    """All of `poe test` but the types, which `poe lint` looks at as well."""
    project = workshop.project(deep_combo)
    project.poe("test", "contract")
    project.poe("test", "backend", *(() if everything else SAME_EVERYWHERE))
    project.poe("test", "frontend")
    _git_has_nothing_to_report_but_the_generated_types(project)


def test_works_in_a_browser(
    workshop: Workshop, deep_combo: Combo, everything: bool, alone: bool
) -> None:
    """All specs with the default states; with others, those that meet the states and sign-in."""
    specs = ["session"]
    if deep_combo.auth == FULL.auth and deep_combo.frontend != FULL.frontend:
        specs.append("auth")
    if everything or (deep_combo.states == FULL.states and not alone):
        specs = []
    project = workshop.project(deep_combo)
    project.poe("e2e", *specs)
    _git_has_nothing_to_report_but_the_generated_types(project)


def _git_has_nothing_to_report_but_the_generated_types(project: Project) -> None:
    """What the commands made is ignored, or is what a team commits."""
    command = ["git", "status", "--porcelain", "--untracked-files"]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    untracked = {line[3:] for line in lines if line.startswith("??")}
    committed = {"frontend/src/api/contract.ts", "frontend/src/api/rest.ts"}
    committed |= {"docs/asyncapi.json", "uv.lock", "frontend/package-lock.json"}
    assert untracked <= committed
    assert not [line for line in lines if line[1] in "MD"]

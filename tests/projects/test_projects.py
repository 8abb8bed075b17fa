"""What a team gets works: its own linters, tests and browser tests pass inside it."""

import subprocess

from tests.combos import FULL, Combo
from tests.workshop import Project, Workshop

SAME_EVERYWHERE = tuple(f"--ignore=backend/tests/{name}" for name in ("chaos", "session", "tasks"))
"""pytest's options for leaving out the tests of what is never rendered differently."""


OF_A_FRONTEND = ("accessibility", "notes", "pages", "saved")
"""Browser specs of what each frontend draws; the others are about the client that both share."""


def test_sets_itself_up(workshop: Workshop, deep_combo: Combo) -> None:
    project = workshop.project(deep_combo)
    assert (project.root / "frontend/src/api/generated/contract.ts").is_file()
    assert (project.root / ".env").is_file()


def test_has_no_linter_or_type_finding(
    workshop: Workshop, deep_combo: Combo, everything: bool, alone: bool
) -> None:
    """Without sign-in there are fewer files of the same kinds, so only their types are looked at;
    `test_every_render_is_formatted` sees the rest of them.
    """
    project = workshop.project(deep_combo)
    if everything or alone or deep_combo.auth == FULL.auth:
        project.poe("lint", "--engine")
    else:
        project.poe("test", "types")
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
    """All specs once; those that meet the frontend, the states and sign-in where these differ."""
    specs = ["session"]
    if deep_combo.auth == FULL.auth and deep_combo.frontend != FULL.frontend:
        # Waiting for tokens to run out takes longest, and is of the client that both share.
        specs += ["auth.spec", "users.spec"]
    if deep_combo.states == FULL.states and not alone:
        specs += OF_A_FRONTEND
    if everything:
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
    generated = "frontend/src/api/generated"
    committed = {f"{generated}/contract.ts", f"{generated}/rest.ts"}
    committed |= {"docs/asyncapi.json", "uv.lock", "frontend/package-lock.json"}
    assert untracked <= committed
    assert not [line for line in lines if line[1] in "MD"]

"""What a team gets works: its own linters, tests and browser tests pass inside it."""

from collections.abc import Callable

import pytest

from tests.combos import Combo
from tests.rendering import Render
from tests.workshop import Workshop


@pytest.fixture(scope="session")
def workshop(
    render: Callable[..., Render],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Workshop:
    return Workshop(
        render, tmp_path_factory.mktemp("projects"), request.config.getoption("--project-python")
    )


def test_sets_itself_up(workshop: Workshop, deep_combo: Combo) -> None:
    project = workshop.project(deep_combo)
    assert (project.root / "frontend/src/api/contract.ts").is_file()
    assert (project.root / ".env").is_file()


def test_has_no_linter_or_type_finding(workshop: Workshop, deep_combo: Combo) -> None:
    workshop.project(deep_combo).poe("lint")


def test_own_tests_pass(workshop: Workshop, deep_combo: Combo) -> None:
    workshop.project(deep_combo).poe("test")


def test_works_in_a_browser(workshop: Workshop, deep_combo: Combo) -> None:
    workshop.project(deep_combo).poe("e2e")


def test_git_has_nothing_to_report_but_the_generated_types(
    workshop: Workshop, deep_combo: Combo
) -> None:
    """What the commands above made is ignored, or is what a team commits."""
    status = workshop.project(deep_combo).run("git", "status", "--porcelain", "--untracked-files")
    untracked = {line[3:] for line in status.splitlines() if line.startswith("??")}
    committed = {"frontend/src/api/contract.ts", "frontend/src/api/rest.ts"}
    committed |= {"uv.lock", "frontend/package-lock.json"}
    assert untracked <= committed
    assert not [line for line in status.splitlines() if line[1] in "MD"]

"""The chapters of docs/product/ alone build a product that works; docs/upgrading.md removes the
example.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from copier import run_copy

from tests.combos import Combo
from tests.projects.tutorial import answers_of, blocks, read_chapters, write
from tests.rendering import Render
from tests.repository import commit, git
from tests.workshop import Project, Workshop, project_environment
from tools.source import copy_source

YOURS = (
    "backend/app/",
    "backend/migrations/",
    "backend/tests/",
    "frontend/src/",
    "frontend/tests/",
    "frontend/e2e/",
)
ENGINE = "frontend/src/duplex/"
GENERATED = {"docs/asyncapi.json"}
"""Changed by `poe contract`, not by the reader of the chapters."""

MIGRATIONS = "backend/migrations/versions"
COMMITTED = ("uv.lock", "frontend/package-lock.json", "frontend/src/api/generated/", MIGRATIONS)
"""Beginnings of the names of committed files that a render without the example does not have."""


BACKEND_TEST = ["uv", "run", "poe", "test", "backend"]
"""A step in the middle: at the end `poe test` runs the same tests of the same backend."""

CODE = (".ts", ".tsx", ".vue", ".js")
LINTED = {"vue": Combo("vue", "password", "odd"), "react": Combo("react", "every", "guide")}
"""Their pages are linted by `test_projects.py`; in the products only other files are linted."""


def test_both_products_have_the_same_backend(render: Callable[..., Render]) -> None:
    """So its tests need to run in one of them only."""
    roots = [render({"frontend": frontend}).root for frontend in ("vue", "react")]
    documents = [read_chapters(root) for root in roots]
    vue, react = (
        [block for block in blocks(text) if block.path and block.path.startswith("backend/")]
        for text in documents
    )
    assert vue == react
    vue_files, react_files = (render(answers_of(text)).backend() for text in documents)
    assert vue_files == react_files


@pytest.mark.parametrize("frontend", ["vue", "react"])
def test_the_product_of_the_chapters_works(
    workshop: Workshop, render: Callable[..., Render], frontend: str
) -> None:
    """Every block is applied and every command is run, and only files of the team change."""
    document = read_chapters(render({"frontend": frontend}).root)
    project = workshop.made(f"product-{frontend}", answers_of(document))
    commit(project.root, "Scaffold")
    tested = False
    for block in blocks(read_chapters(project.root)):
        assert not (tested and block.path and block.path.startswith("backend/"))
        if block.path is not None:
            write(block, project.root)
        elif block.command == BACKEND_TEST:
            tested = True
        elif frontend == "vue":
            project.run(*block.command)
        else:
            run_what_is_react_s(project, block.command)
    assert tested
    files = project.page_files_not_in(render(LINTED[frontend].answers))
    project.linters(eslint=[file for file in files if file.endswith(CODE)], prettier=files)
    changed = changes(project) - GENERATED
    assert changed
    assert {
        path for path in changed if not path.startswith(YOURS) or path.startswith(ENGINE)
    } == set()


def run_what_is_react_s(project: Project, command: list[str]) -> None:
    """The backend is that of Vue's product, byte by byte; the starter's browser tests and the
    promises also run with every way to sign in (`test_projects.py`), in React.
    """
    kind = command[3] if command[:3] == ["uv", "run", "poe"] else None
    if kind == "test":
        project.page_tests()
    elif kind == "e2e":
        project.poe("e2e", "board")
    elif kind != "promises":
        project.run(*command)


def test_the_example_is_removed_as_the_document_says(
    workshop: Workshop, render: Callable[..., Render], tmp_path: Path
) -> None:
    """The project's tests pass, and nothing of the example is left but its migration."""
    template = copy_source(tmp_path / "template")
    commit(template, tag="1.0.0")
    project = Project("example", workshop.folder / "example", project_environment(workshop.python))
    run_copy(str(template), project.root, vcs_ref="1.0.0", defaults=True, quiet=True)
    workshop.set_up(project)
    commit(project.root, "Scaffold")
    upgrading = (project.root / "docs/upgrading.md").read_text(encoding="utf-8")
    for block in blocks(upgrading):
        project.run(*block.command)
    first, second = sorted(path.name for path in (project.root / MIGRATIONS).glob("*.py"))
    assert first == "0001_saved_sessions.py"
    assert second.endswith("_remove_saved_sessions.py")
    listed = git(project.root, "ls-files", "--cached", "--others", "--exclude-standard")
    left = {name for name in listed.splitlines() if (project.root / name).exists()}
    without = render({"example": "none"}).files()
    assert {name for name in left - GENERATED if not name.startswith(COMMITTED)} == set(without)


def changes(project: Project) -> set[str]:
    """The files that differ from the last commit."""
    status = git(project.root, "status", "--porcelain", "--untracked-files=all")
    return {line[3:] for line in status.splitlines()}

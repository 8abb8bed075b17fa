"""Every rendered file is in exactly one zone, and the engine's folders are the engine's alone."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest
from duplex_dev.update.changing import MOVED

from tests.combos import ALL, Combo
from tests.rendering import Render
from tools.source import committable

YOURS = (
    "backend/app/",
    "backend/migrations/",
    "backend/tests/",
    "frontend/src/",
    "frontend/tests/",
    "frontend/e2e/",
)
"""The team's from its first day. `frontend/src/duplex` is not: see `ENGINE`."""

ENGINE = ("backend/duplex/", "backend/duplex_dev/", "frontend/src/duplex/")
"""A release replaces these folders completely."""

WIRING = (
    r"(README|AGENTS)\.md",
    r"Caddyfile|Dockerfile|compose\.yml|pyproject\.toml",
    r"\.(copier-answers\.yml|dockerignore|editorconfig|env\.example|gitattributes|gitignore)",
    r"\.(pre-commit-config\.yaml|gitlab-ci\.yml)",
    r"\.github/workflows/ci\.yml",
    r"docs/[a-z-]+\.md",
    r"docs/product/(README|\d-[a-z-]+)\.md",
    r"frontend/(index\.html|package\.json|\.npmrc)",
    r"frontend/(eslint|vite|vitest|playwright)\.config\.(ts|js)",
    r"frontend/tsconfig(\.\w+)?\.json",
    r"frontend/public/\w+\.(svg|js)",
    r"frontend/scripts/\w+\.mjs",
)
"""A short list that a release merges: one pattern for each kind of file."""

MOST_FILES_IN_A_FOLDER = 16
"""About fifteen (docs/design.md, section 1): the sixteenth is a package's `__init__.py`, or one of
the mails.
"""
MOST_FILES = 300
"""Of a render with the default answers."""


def zones_of(name: str) -> list[str]:
    """The zones that claim a rendered file."""
    engine = name.startswith(ENGINE)
    claims = {
        "yours": name.startswith(YOURS) and not engine,
        "engine": engine,
        "wiring": any(re.fullmatch(pattern, name) for pattern in WIRING),
    }
    return [zone for zone, claimed in claims.items() if claimed]


def test_every_file_is_in_exactly_one_zone(combo: Combo, render: Callable[..., Render]) -> None:
    names = render(combo.answers).files()
    assert {name: found for name in names if len(found := zones_of(name)) != 1} == {}


def test_every_kind_of_wiring_exists_in_some_render(render: Callable[..., Render]) -> None:
    names = {name for combo in ALL for name in render(combo.answers).files()}
    unused = [one for one in WIRING if not any(re.fullmatch(one, name) for name in names)]
    assert unused == []


def test_the_engines_folders_depend_on_no_answer() -> None:
    engine = [
        file.as_posix()
        for file in committable()
        if re.sub(r"\{% if \w+ %\}(\w+)\{% endif %\}", r"\1", file.as_posix())
        .removeprefix("template/")
        .startswith(ENGINE)
    ]
    assert engine
    assert [name for name in engine if name.endswith(".jinja") or "yield" in name] == []


def test_the_engine_is_the_same_in_every_render(render: Callable[..., Render]) -> None:
    """An answer may leave one of its files out, or choose one by the frontend; never change it."""
    found: dict[tuple[str, str], bytes] = {}
    for combo in ALL:
        for name, content in render(combo.answers).files().items():
            if name.startswith(ENGINE):
                side = combo.frontend if name.startswith("frontend/") else ""
                assert found.setdefault((side, name), content) == content, name


KEPT = {"ICONS"}
"""Public names of the page's engine that only projects of an earlier release use."""


def test_every_function_that_the_page_s_engine_offers_has_a_user(
    render: Callable[..., Render],
) -> None:
    """In the pages or tests of a project; types may be there for the sake of others."""
    offered: set[str] = set()
    words: set[str] = set()
    for combo in ALL:
        if combo.auth == "every":
            for name, content in render(combo.answers).files().items():
                text = content.decode(errors="replace")
                if name == "frontend/src/duplex/index.ts":
                    listed = ",".join(re.findall(r"export \{([^}]*)\}", text)).split(",")
                    offered |= {one.strip() for one in listed} - {""}
                elif name.startswith("frontend/") and not name.startswith(ENGINE):
                    words |= {*re.findall(r"\w+", text)}
    unused = {name for name in offered if not name.startswith("type ")} - words
    assert unused == KEPT


@pytest.mark.parametrize("states", ["guide"])
def test_no_folder_has_more_than_sixteen_files(states: str, render: Callable[..., Render]) -> None:
    crowded: dict[str, int] = {}
    for combo in ALL:
        if combo.states == states:
            names = render(combo.answers).files()
            folders = Counter(str(PurePosixPath(name).parent) for name in names)
            del folders["."]
            crowded |= {
                folder: count for folder, count in folders.items() if count > MOST_FILES_IN_A_FOLDER
            }
    assert crowded == {}


def test_a_default_project_is_small(render: Callable[..., Render]) -> None:
    assert len(render().files()) <= MOST_FILES


def test_a_module_that_moved_beside_its_old_place_is_imported_by_its_whole_name(
    combo: Combo, render: Callable[..., Render]
) -> None:
    """Copier alone leaves `setup.ts` beside the new `setup.tsx`, and `./setup` is the old one."""
    files = render(combo.answers).files()
    moves = files[MOVED].decode().splitlines()
    for old, new in (line.split() for line in moves if not line.startswith("#")):
        stem = new.rpartition(".")[0]
        if new in files and stem == old.rpartition(".")[0]:
            short = rf"""from ["'][./]+/{stem.rpartition("/")[2]}["']""".encode()
            assert [name for name, content in files.items() if re.search(short, content)] == []

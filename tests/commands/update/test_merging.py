"""Files that the team and a release changed are merged byte by byte, or both are kept.

Copier alone applies edits as a patch of UTF-8 text, with this machine's settings of git.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from duplex_dev.commands import states, update
from duplex_dev.console import TaskError
from duplex_dev.update import changing
from plumbum import local

from tests.commands.update.small_template import edit, make_project, make_template, write
from tests.repository import commit, git

LINES = "  - one\n  - two\n  - three\n  - four\n  - five\n"
BLOCKS = f"web:\n{LINES}\ndb:\n{LINES}"
IMAGE = b"\x89PNG\r\n\0ours"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.1.0 changes a line, puts another block of equal lines first, and brings a new file."""
    folder = make_template(tmp_path_factory.mktemp("merging") / "template")
    files = folder / "template"
    write(files / "blocks.yml", BLOCKS)
    commit(folder)
    git(folder, "tag", "--force", "1.0.0")
    edit(files / "Caddyfile", "two", "two of 1.1.0")
    write(files / "blocks.yml", f"cache:\n{LINES}\n{BLOCKS}")
    write(files / "logo.svg", "<svg>of 1.1.0</svg>\n")
    commit(folder, tag="1.1.0")
    return folder


@pytest.fixture
def root(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_project(template, tmp_path / "ours", monkeypatch)
    listed = tmp_path / "engine_files.txt"
    listed.touch()
    monkeypatch.setattr(update, "ENGINE_FILES", listed)
    commit(root)
    return root


def append(file: Path, content: bytes) -> None:
    file.write_bytes(file.read_bytes() + content)


def test_an_edit_that_is_not_utf8_is_kept(root: Path) -> None:
    append(root / "Caddyfile", "für uns".encode("latin-1"))
    commit(root)
    assert update.update(["--to", "1.1.0"]) == 0
    content = (root / "Caddyfile").read_bytes()
    assert content == b"one\ntwo of 1.1.0\nthree\nfour\nfive\nsix\nseven\nf\xfcr uns"


def test_a_file_that_the_team_made_a_binary_one_is_kept(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In its place where the release has no change of it, else in removed/."""
    for name in ("compose.yml", "Caddyfile", "logo.svg"):
        (root / name).write_bytes(IMAGE)
    commit(root)
    assert update.update(["--to", "1.1.0"]) == 0
    assert (root / "compose.yml").read_bytes() == IMAGE
    assert "two of 1.1.0" in (root / "Caddyfile").read_text()
    assert "of 1.1.0" in (root / "logo.svg").read_text()
    printed = capsys.readouterr().out
    for name in ("Caddyfile", "logo.svg"):
        assert (root / "removed" / name).read_bytes() == IMAGE
        assert f"Your edits of {name} are in removed/{name}" in printed


@pytest.mark.parametrize(
    "settings",
    ["[apply]\nwhitespace = error-all\n", "[status]\nshowUntrackedFiles = no\n"],
    ids=["whitespace", "untracked"],
)
def test_no_setting_of_git_loses_an_edit(root: Path, tmp_path: Path, settings: str) -> None:
    write(tmp_path / "settings", settings)
    append(root / "Caddyfile", b"ours \t\n")
    append(root / "compose.yml", b"ours \t\n")
    edit(root / "Caddyfile", "two", "two, ours")
    commit(root)
    with local.env(GIT_CONFIG_GLOBAL=str(tmp_path / "settings")):
        assert update.update(["--to", "1.1.0"]) == 1
    assert (root / "Caddyfile").read_text() == (
        "one\n<<<<<<< before updating\ntwo, ours\n=======\ntwo of 1.1.0\n>>>>>>> after updating\n"
        "three\nfour\nfive\nsix\nseven\nours \t\n"
    )
    assert (root / "compose.yml").read_text() == "first: 1\nours \t\n"
    assert not [*root.rglob("*.rej")]


def test_an_edit_stays_in_its_place_among_equal_lines(root: Path) -> None:
    append(root / "blocks.yml", b"  - ours\n")
    edit(root / "blocks.yml", f"web:\n{LINES}", f"web:\n{LINES}  - of web\n")
    commit(root)
    assert update.update(["--to", "1.1.0"]) == 0
    assert (root / "blocks.yml").read_text() == (
        f"cache:\n{LINES}\nweb:\n{LINES}  - of web\n\ndb:\n{LINES}  - ours\n"
    )


def test_a_changed_answer_keeps_an_edit_that_is_not_utf8(root: Path) -> None:
    index = root / "frontend/src/states/index.ts"
    append(index, "// für uns\n".encode("latin-1"))
    commit(root)
    assert update.update(["--data", "states=[startThings, pauseThings, save, resumeThings]"]) == 0
    assert index.read_bytes().endswith(b"  resumeThings,\n} satisfies Watchers;\n// f\xfcr uns\n")


def test_a_module_of_the_team_with_the_name_of_a_new_state_is_not_replaced(root: Path) -> None:
    helper = root / "backend/app/states/resume_things.py"
    watcher = root / "frontend/src/states/resumeThings.ts"
    helper.write_bytes(IMAGE)
    write(watcher, "export const helper = 1;\n")
    commit(root)
    with pytest.raises(TaskError, match=r"conflict markers in \S+resumeThings\.ts, then"):
        states.add(["resumeThings"])
    assert "export const helper = 1;\n" in watcher.read_text()
    assert (root / "removed/backend/app/states/resume_things.py").read_bytes() == IMAGE


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (update.update, ["--to", "1.1.0"]),
        (update.update, ["--data", "title=Another"]),
        (states.add, ["resumeThings"]),
    ],
)
def test_files_that_are_edited_while_a_command_runs_are_not_overwritten(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[[list[str]], int],
    arguments: list[str],
) -> None:
    names = ("Caddyfile", "title.txt", "frontend/src/states/index.ts")
    render_update = changing.render_update

    def meanwhile(copy: Path, data: Mapping[str, object], *reference: Any) -> None:
        render_update(copy, data, *reference)
        for name in names:
            append(root / name, b"// ours\n")

    monkeypatch.setattr(changing, "render_update", meanwhile)
    with pytest.raises(TaskError, match=r"Commit or stash .*: Caddyfile, frontend.*, title\.txt"):
        command(arguments)
    for name in names:
        assert (root / name).read_bytes().endswith(b"// ours\n")
    changed = git(root, "status", "--porcelain").splitlines()
    assert changed == [f" M {name}" for name in sorted(names)]

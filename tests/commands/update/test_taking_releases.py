"""`poe update` and `poe template-status` on releases of a small template."""

import shutil
from pathlib import Path

import pytest
from duplex_dev.commands import update
from duplex_dev.console import TaskError
from duplex_dev.update import changing, releases
from duplex_dev.update.engine_files import digest_of

from tests.commands.update.small_template import edit, make_project, make_template, write
from tests.repository import commit, git

ENGINE = "backend/duplex/engine.py"
ENGINE_OF_VUE = "backend/duplex/vue.py"
START = "backend/app/states/start_things.py"
CHANGELOG = """\
# Changelog

## 1.2.0

Of 1.2.0.

## 1.1.0 (a date)

What a team must do: nothing.

## 1.0.0

The first.
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three releases: 1.1.0 changes the engine and wiring; 1.2.0 moves and drops wiring."""
    folder = make_template(tmp_path_factory.mktemp("releases") / "template")
    files = folder / "template"
    write(files / ENGINE, "ENGINE = 2\n")
    write(files / "backend/duplex/new.py", "NEW = 2\n")
    write(files / "backend/duplex/words.txt", "two\n")
    edit(files / "Caddyfile", "two", "two of 1.1.0")
    write(folder / "CHANGELOG.md", CHANGELOG.replace("## 1.2.0\n\nOf 1.2.0.\n\n", ""))
    commit(folder, tag="1.1.0")
    write(folder / "CHANGELOG.md", CHANGELOG)
    write(files / ENGINE, "ENGINE = 3\n")
    (files / "deploy").mkdir()
    (files / "Caddyfile").rename(files / "deploy/Caddyfile")
    write(files / changing.MOVED, "# OLD NEW\nCaddyfile deploy/Caddyfile\n")
    (files / "compose.yml").unlink()
    commit(folder, tag="1.2.0")
    git(folder, "tag", "2.0.0rc1")
    return folder


@pytest.fixture
def root(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of 1.0.0, with edits in every zone."""
    root = make_project(template, tmp_path / "ours", monkeypatch)
    listed = tmp_path / "engine_files.txt"
    commit(root)
    digest = digest_of(root / ENGINE)
    write(listed, f"{digest}  {ENGINE}\n")
    monkeypatch.setattr(update, "ENGINE_FILES", listed)
    return root


def edited(root: Path) -> None:
    """Edits in every zone."""
    write(root / ENGINE, "ENGINE = 'ours'\n")
    write(root / "backend/duplex/added.py", "ADDED = True\n")
    edit(root / START, "second()", "ours()")
    edit(root / "Caddyfile", "seven", "seven, ours")
    edit(root / "compose.yml", "first: 1", "first: ours")
    commit(root)


def test_a_release_replaces_the_engine_and_names_what_was_edited(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(root)
    assert update.update(["--to", "1.1.0"]) == 0
    assert (root / ENGINE).read_text() == "ENGINE = 2\n"
    assert (root / "backend/duplex/new.py").is_file()
    assert (root / "backend/duplex/added.py").read_text() == "ADDED = True\n"
    assert "ours()" in (root / START).read_text()
    assert (root / "Caddyfile").read_text() == (
        "one\ntwo of 1.1.0\nthree\nfour\nfive\nsix\nseven, ours\n"
    )
    printed = capsys.readouterr().out
    before, _, after = printed.partition("Updating from")
    assert f"{ENGINE} was edited: the release replaces" in before
    assert "What a team must do: nothing." in after
    assert "Of 1.2.0" not in after
    assert f"git show HEAD:./{ENGINE}" in after
    assert "ours" in git(root, "show", f"HEAD:./{ENGINE}")


def test_a_file_of_the_team_that_the_engine_of_a_release_replaces_is_named(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root / "backend/duplex/new.py", "NEW = 'ours'\n")
    write(root / "backend/duplex/added.py", "ADDED = True\n")
    commit(root)
    assert update.update(["--to", "1.1.0"]) == 0
    assert (root / "backend/duplex/new.py").read_text() == "NEW = 2\n"
    printed = capsys.readouterr().out
    assert "git show HEAD:./backend/duplex/new.py" in printed
    assert "git show HEAD:./backend/duplex/added.py" not in printed


def test_a_moved_file_takes_its_edits_along_and_a_dropped_one_is_kept(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(root)
    assert update.update([]) == 0
    assert (root / "deploy/Caddyfile").read_text() == (
        "one\ntwo of 1.1.0\nthree\nfour\nfive\nsix\nseven, ours\n"
    )
    assert not (root / "Caddyfile").exists()
    assert (root / "removed/compose.yml").read_text() == "first: ours\n"
    assert not (root / "compose.yml").exists()
    assert (root / ENGINE).read_text() == "ENGINE = 3\n"
    assert not (root / "removed/Caddyfile").exists()
    assert "Your edits of compose.yml are in removed/compose.yml" in capsys.readouterr().out
    assert "_commit: 1.2.0" in (root / ".copier-answers.yml").read_text()


def test_the_same_line_of_both_is_a_conflict_that_is_named(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root / "Caddyfile", "two", "two, ours")
    commit(root)
    assert update.update(["--to", "1.1.0"]) == 1
    assert "✗ Caddyfile has conflict markers" in capsys.readouterr().err
    text = (root / "Caddyfile").read_text()
    assert "<<<<<<< before updating\ntwo, ours\n=======\ntwo of 1.1.0\n" in text


def test_the_report_says_what_is_new_and_what_would_conflict(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(root)
    edit(root / "Caddyfile", "two", "two, ours")
    write(root / "not-committed", "")
    assert update.status([]) == 0
    printed = capsys.readouterr().out
    assert "This project is at 1.0.0 of" in printed
    assert "Newer: 1.1.0, 1.2.0\n" in printed
    assert printed.index("## 1.1.0") < printed.index("## 1.2.0")
    assert "rc1" not in printed
    assert f"Engine: {ENGINE} was edited" in printed
    assert "Starter code that you changed or deleted: 1 files" in printed
    assert "    Caddyfile\n    compose.yml\n" in printed
    assert "An update to 1.2.0 conflicts with your changes in:\n    deploy/Caddyfile\n" in printed
    assert "compose.yml is no longer part of the template" in printed
    assert git(root, "status", "--porcelain") == " M Caddyfile\n?? not-committed\n"


def test_an_untouched_project_of_the_newest_release_has_nothing_to_report(
    template: Path, tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update.update([]) == 0
    commit(root)
    capsys.readouterr()
    assert update.status([]) == 0
    printed = capsys.readouterr().out
    assert "No newer release\n" in printed
    assert "that you changed or deleted: none\n• No newer" in printed


def test_an_answer_that_deletes_edited_files_keeps_them(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root / "frontend/src/Page.vue", "<template />", "<template>ours</template>")
    write(root / "frontend/src/Ours.vue", "<template />\n")
    write(root / "frontend/src/ours.ts", 'export { ref } from "vue";\n')
    write(root / "frontend/src/pages.ts", "const Ours = () => import('./Ours.vue');\n")
    write(root / "frontend/src/plain.ts", 'import { vue } from "./vue";\n')
    commit(root)
    assert update.update(["--data", "frontend=react"]) == 0
    assert (root / "frontend/src/Page.tsx").is_file()
    assert not (root / "frontend/src/Page.vue").exists()
    assert (root / "removed/frontend/src/Page.vue").read_text() == "<template>ours</template>\n"
    assert "_commit: 1.0.0" in (root / ".copier-answers.yml").read_text()
    printed = capsys.readouterr().out
    assert "Your edits of frontend/src/Page.vue are in removed/" in printed
    _, _, listed = printed.partition("Still written for vue; port these files to react:\n")
    assert listed.startswith(
        "    frontend/src/Ours.vue\n    frontend/src/ours.ts\n    frontend/src/pages.ts\n• "
    )


def test_a_new_file_arrives_although_the_team_ignores_its_name(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root / ".gitignore", "*.txt\n")
    commit(root)
    assert update.update(["--to", "1.1.0"]) == 0
    assert (root / "backend/duplex/words.txt").read_text() == "two\n"
    assert "git add --force backend/duplex/words.txt" in capsys.readouterr().out


def test_an_ignored_file_of_the_team_is_never_overwritten(root: Path) -> None:
    write(root / ".gitignore", "*.txt\n")
    commit(root)
    write(root / "backend/duplex/words.txt", "ours\n")
    with pytest.raises(TaskError, match=r"words\.txt, and git ignores the one that you have"):
        update.update(["--to", "1.1.0"])
    assert (root / "backend/duplex/words.txt").read_text() == "ours\n"
    assert git(root, "status", "--porcelain") == ""


def test_line_ends_of_windows_do_not_clash(root: Path) -> None:
    """A project without .gitattributes, checked out with `core.autocrlf=true`."""
    edit(root / "Caddyfile", "seven", "seven, ours")
    commit(root)
    git(root, "config", "core.autocrlf", "true")
    git(root, "rm", "--quiet", "--cached", "-r", ".")
    git(root, "reset", "--quiet", "--hard")
    assert (root / "Caddyfile").read_bytes().startswith(b"one\r\ntwo\r\n")
    assert update.update(["--to", "1.1.0"]) == 0
    text = (root / "Caddyfile").read_text()
    assert text == "one\ntwo of 1.1.0\nthree\nfour\nfive\nsix\nseven, ours\n"
    changed = git(root, "diff", "--name-only").split()
    assert changed == [".copier-answers.yml", "Caddyfile", ENGINE]


def test_an_answer_that_deletes_an_edited_engine_file_keeps_it(root: Path) -> None:
    write(root / ENGINE_OF_VUE, "VUE = 'ours'\n")
    commit(root)
    assert update.update(["--data", "frontend=react"]) == 0
    assert not (root / ENGINE_OF_VUE).exists()
    assert (root / "removed" / ENGINE_OF_VUE).read_text() == "VUE = 'ours'\n"


@pytest.mark.parametrize("text", ["Notes: for teams", "#1 of all", "010", "a 'word", "{x"])
def test_an_answer_that_is_text_is_taken_as_it_is(root: Path, text: str) -> None:
    assert update.update(["--data", f"title={text}"]) == 0
    assert (root / "title.txt").read_text() == f"{text}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "colour=red"], "'colour' is not a question"),
        (["--data", "frontend"], "write --data QUESTION=ANSWER"),
        (["--data", "states=[save]"], "by `uv run poe remove-state`"),
        (["--data", "frontend=react", "--to", "1.1.0"], "first `--to`, then `--data`"),
        (["--data", "frontend=svelte"], r"^'frontend': 'svelte' is not in .*Nothing was changed"),
        (["--to", "7.0.0"], r"^The template has no version 7\.0\.0: .*Nothing was changed"),
    ],
)
def test_an_update_that_is_refused_changes_nothing(
    root: Path, arguments: list[str], message: str
) -> None:
    with pytest.raises(TaskError, match=message):
        update.update(arguments)
    assert git(root, "status", "--porcelain") == ""


def test_a_folder_with_the_name_of_a_file_is_explained(root: Path) -> None:
    (root / "Caddyfile").unlink()
    write(root / "Caddyfile/ours", "ours\n")
    commit(root)
    with pytest.raises(TaskError, match="Caddyfile is a file of the template, and a folder"):
        update.update(["--to", "1.1.0"])
    assert git(root, "status", "--porcelain") == ""


@pytest.mark.parametrize("target", ["real.conf", "../shared.conf"])
def test_a_file_that_the_team_replaced_with_a_link_is_left_alone(root: Path, target: str) -> None:
    """Also a link to a file outside of the project, which the scratch copy does not have."""
    (root / "Caddyfile").rename(root / target)
    (root / "Caddyfile").symlink_to(target)
    edit(root / target, "seven", "seven, ours")
    commit(root)
    before = (root / target).read_text()
    assert update.update(["--to", "1.1.0"]) == 0
    assert (root / "Caddyfile").readlink() == Path(target)
    assert (root / target).read_text() == before
    assert (root / ENGINE).read_text() == "ENGINE = 2\n"


def test_uncommitted_work_is_refused(root: Path) -> None:
    write(root / "compose.yml", "first: ours\n")
    with pytest.raises(TaskError, match=r"Commit or stash .*: compose\.yml"):
        update.update([])


def test_a_template_that_has_moved_is_explained_and_can_be_named(
    template: Path, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = Path(shutil.copytree(template, tmp_path / "moved"))
    edit(root / ".copier-answers.yml", f"_src_path: {template}", "_src_path: /nowhere/at/all")
    commit(root)
    with pytest.raises(TaskError, match=r"cannot be cloned.*--template"):
        update.status([])
    assert update.update(["--to", "1.1.0", "--template", f"git+file://{moved}"]) == 0
    assert f"_src_path: git+file://{moved}" in (root / ".copier-answers.yml").read_text()


@pytest.mark.parametrize(
    ("tag", "numbers"), [("1.10.2", (1, 10, 2)), ("v1.0.0", (1, 0, 0)), ("1.0.0rc1", None)]
)
def test_only_plain_versions_are_releases(tag: str, numbers: tuple[int, ...] | None) -> None:
    assert releases.version(tag) == numbers

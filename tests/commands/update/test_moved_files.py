"""Files that releases moved, once or twice: a team's edits arrive where the file is now."""

from pathlib import Path

import pytest
from copier import run_update
from duplex_dev.commands import update
from duplex_dev.update import changing

from tests.commands.update.small_template import edit, make_project, make_template, write
from tests.repository import commit

MERGED = "one\ntwo\nthree\nfour\nfive\nsix\nseven, ours\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.1.0 moves the Caddyfile to deploy/; 1.2.0 moves it again, to ops/, and changes a line.

    As CONTRIBUTING.md says, an old path is in moved.txt and in `_exclude`.
    """
    folder = make_template(tmp_path_factory.mktemp("moving") / "template")
    files = folder / "template"
    (files / "deploy").mkdir()
    (files / "Caddyfile").rename(files / "deploy/Caddyfile")
    write(files / changing.MOVED, "# OLD NEW\nCaddyfile deploy/Caddyfile\n")
    edit(folder / "copier.yml", "_answers_file", "_exclude: [/Caddyfile]\n_answers_file")
    commit(folder, tag="1.1.0")
    (files / "ops").mkdir()
    (files / "deploy/Caddyfile").rename(files / "ops/Caddyfile")
    edit(files / "ops/Caddyfile", "four", "four of 1.2.0")
    edit(folder / "copier.yml", "[/Caddyfile]", "[/Caddyfile, /deploy/Caddyfile]")
    with (files / changing.MOVED).open("a", encoding="utf-8") as moved:
        moved.write("deploy/Caddyfile ops/Caddyfile\n")
    commit(folder, tag="1.2.0")
    return folder


@pytest.fixture
def root(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of 1.0.0 with an edit in the file that moves."""
    root = make_project(template, tmp_path / "ours", monkeypatch)
    edit(root / "Caddyfile", "seven", "seven, ours")
    commit(root)
    listed = tmp_path / "engine_files.txt"
    listed.touch()
    monkeypatch.setattr(update, "ENGINE_FILES", listed)
    return root


def files_named(root: Path, pattern: str) -> dict[str, str]:
    """The files with this name in every folder."""
    found = (file for file in root.rglob(pattern) if ".git" not in file.parts)
    return {file.relative_to(root).as_posix(): file.read_text() for file in found}


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        (["1.1.0"], "deploy/Caddyfile"),
        (["1.2.0"], "ops/Caddyfile"),
        (["1.1.0", "1.2.0"], "ops/Caddyfile"),
    ],
)
def test_edits_follow_a_file_that_one_release_moved_and_the_next_moved_again(
    root: Path, steps: list[str], place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for step in steps:
        assert update.update(["--to", step]) == 0
        commit(root)
    assert f"Caddyfile are in {place}\n" in capsys.readouterr().out
    text = MERGED.replace("four", "four of 1.2.0") if place.startswith("ops") else MERGED
    assert files_named(root, "Caddyfile") == {place: text}


@pytest.mark.parametrize("release", ["1.1.0", "1.2.0"])
def test_a_moved_file_that_the_team_deleted_stays_deleted(root: Path, release: str) -> None:
    (root / "Caddyfile").unlink()
    commit(root)
    assert update.update(["--to", release]) == 0
    assert files_named(root, "Caddyfile") == {}


def test_a_file_of_the_team_at_the_new_place_of_a_moved_one_is_kept(root: Path) -> None:
    write(root / "deploy/Caddyfile", "another one\n")
    commit(root)
    assert update.update(["--to", "1.1.0"]) == 1
    assert "another one\n" in (root / "deploy/Caddyfile").read_text()
    assert (root / "Caddyfile").read_text() == MERGED


@pytest.mark.parametrize("release", ["1.1.0", "1.2.0"])
def test_copier_alone_leaves_a_moved_file_at_its_old_place(root: Path, release: str) -> None:
    run_update(root, vcs_ref=release, defaults=True, overwrite=True, quiet=True)
    place = {"1.1.0": "deploy/Caddyfile", "1.2.0": "ops/Caddyfile"}[release]
    assert set(files_named(root, "Caddyfile")) == {"Caddyfile", place}
    assert (root / "Caddyfile").read_text() == MERGED


def test_a_moved_file_that_is_not_text_is_kept_beside_that_of_the_release(tmp_path: Path) -> None:
    root, copy, original, fresh = (tmp_path / name for name in ("root", "copy", "old", "new"))
    for folder, content in ((root, b"\0ours"), (copy, b"\0ours"), (original, b"\0old")):
        write(folder / "logo.png", "")
        (folder / "logo.png").write_bytes(content)
    write(fresh / "images/logo.png", "\0new")
    write(fresh / changing.MOVED, "logo.png images/logo.png\n")
    assert changing.carry_moved(root, copy, original, fresh) == {}
    assert (copy / "images/logo.png").read_bytes() == b"\0new"
    assert not (copy / "logo.png").exists()
    assert (original / "logo.png").read_bytes() != b"\0ours"


def test_moves_are_followed_from_the_release_of_the_project(tmp_path: Path) -> None:
    """A release may use a path again that an earlier one left."""
    before, after = tmp_path / "before", tmp_path / "after"
    write(before / changing.MOVED, "# OLD NEW\na b\n")
    write(after / changing.MOVED, "# OLD NEW\na b\nb c\na e\nc d\nx y\ny x\n")
    assert changing.moved_since(before, after) == {"b": "d", "a": "e"}
    assert changing.moved_since(tmp_path, after) == {"a": "d"}
    assert changing.moved_since(after, after) == {}


def test_two_files_that_change_places_keep_their_edits(tmp_path: Path) -> None:
    root, copy, original, fresh = (tmp_path / name for name in ("root", "copy", "old", "new"))
    for folder in (root, copy, original):
        write(folder / "a", "a\n1\n2\n3\n")
        write(folder / "b", "b\n1\n2\n3\n")
    write(root / "a", "a\n1\n2\n3\nours in a\n")
    write(root / "b", "b\n1\n2\n3\nours in b\n")
    write(fresh / "b", "a of the release\n1\n2\n3\n")
    write(fresh / "c", "b\n1\n2\n3\n")
    write(fresh / changing.MOVED, "b c\na b\n")
    changing.carry_moved(root, copy, original, fresh)
    assert not (copy / "a").exists()
    assert (copy / "b").read_text() == "a of the release\n1\n2\n3\nours in a\n"
    assert (copy / "c").read_text() == "b\n1\n2\n3\nours in b\n"

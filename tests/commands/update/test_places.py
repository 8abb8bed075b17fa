"""A project stands in many places: each command works there, and changes nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from copier import run_update
from duplex_dev.commands import update
from duplex_dev.commands.states import add, remove, rename

from tests.commands.update.small_template import COMMANDS, edit, make_project, make_template, write
from tests.repository import commit, git

START = "backend/app/states/start_things.py"
BEGIN = "backend/app/states/begin_things.py"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.1.0 and 1.2.0 change a line of the wiring each."""
    folder = make_template(tmp_path_factory.mktemp("places") / "template")
    edit(folder / "template/Caddyfile", "two", "two of 1.1.0")
    commit(folder, tag="1.1.0")
    edit(folder / "template/Caddyfile", "four", "four of 1.2.0")
    commit(folder, tag="1.2.0")
    return folder


@dataclass(frozen=True)
class Place:
    """A project's folder, and a repository around it that must stay as it is."""

    root: Path
    around: Path
    status: str = ""
    """The output of `git status` in the repository around it."""

    def commit(self) -> None:
        """Commit what is in the project's folder; its files are those of a fresh checkout."""
        git(self.root, "add", "--all", ".")
        git(self.root, "commit", "--quiet", "--message", "Ours")
        git(self.root, "rm", "--quiet", "-r", "--cached", ".")
        git(self.root, "reset", "--quiet", "--hard")


def folder_of_a_larger_repository(project: Path) -> Place:
    larger = project.parent.with_name("larger")
    (larger / "apps").mkdir(parents=True)
    write(larger / "Caddyfile", "of another project\n")
    root = project.rename(larger / "apps/ours")
    commit(larger)
    return Place(root, larger)


def worktree(project: Path) -> Place:
    larger = folder_of_a_larger_repository(project).around
    top = larger.with_name("worktree")
    git(larger, "worktree", "add", "--quiet", "-b", "work", str(top))
    return Place(top / "apps/ours", larger)


def submodule(project: Path) -> Place:
    commit(project)
    larger = project.with_name("larger")
    write(larger / "Caddyfile", "of another project\n")
    commit(larger)
    allowed = ("-c", "protocol.file.allow=always")
    git(larger, *allowed, "submodule", "--quiet", "add", str(project), "ours")
    commit(larger)
    return Place(larger / "ours", larger, " M ours\n")


def checkout_with_line_ends_of_windows(project: Path) -> Place:
    """Without the .gitattributes that a project of Duplex has."""
    commit(project)
    git(project, "config", "core.autocrlf", "true")
    return Place(project, project)


@pytest.mark.parametrize(
    "make",
    [
        folder_of_a_larger_repository,
        worktree,
        submodule,
        checkout_with_line_ends_of_windows,
    ],
)
def test_each_command_works_in_a(
    make: Callable[[Path], Place],
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = make(make_project(template, tmp_path / "places/ours", monkeypatch))
    root = place.root
    for command in COMMANDS:
        monkeypatch.setattr(command, "ROOT", root)
    edit(root / START, "second()", "ours()")
    edit(root / "Caddyfile", "seven", "seven, ours")
    place.commit()
    for command, names in (
        (add, ["resumeThings"]),
        (rename, ["startThings", "beginThings"]),
        (remove, ["beginThings"]),
        (update.update, ["--to", "1.1.0"]),
    ):
        assert command(names) == 0
        assert "ours()" in "".join(file.read_text() for file in root.rglob("*_things.py"))
        place.commit()
    # As every project of Duplex has it: Copier alone needs it where git writes CRLF.
    write(root / ".gitattributes", "* text=auto eol=lf\n")
    place.commit()
    run_update(root, vcs_ref="1.2.0", defaults=True, overwrite=True, quiet=True)
    place.commit()
    assert (root / "backend/app/states/resume_things.py").is_file()
    assert "    first()\n    ours()\n    third()\n" in (root / "removed" / BEGIN).read_text()
    assert (root / "Caddyfile").read_text() == (
        "one\ntwo of 1.1.0\nthree\nfour of 1.2.0\nfive\nsix\nseven, ours\n"
    )
    answers = (root / ".copier-answers.yml").read_text()
    assert "states:\n- pauseThings\n- save\n- resumeThings\n" in answers
    assert git(place.around, "status", "--porcelain") == place.status
    assert git(root, "log", "--format=%s", "--", ".").count("Ours\n") == 7


def test_line_ends_of_windows_are_really_there(tmp_path: Path) -> None:
    """Else the last place above would be the first."""
    project = tmp_path / "ours"
    write(project / "Caddyfile", "one\ntwo\n")
    place = checkout_with_line_ends_of_windows(project)
    write(project / "another", "one\ntwo\n")
    place.commit()
    assert (project / "Caddyfile").read_bytes() == b"one\r\ntwo\r\n"

"""The table of releases, what makes a release, and the walk from an earlier one to this tree."""

import subprocess
from pathlib import Path

import pytest

from tests.repository import commit
from tools import release_check, releases
from tools.releases import NEXT, Release, ReleaseError
from tools.source import ROOT
from tools.team_edits import edit_everything

CHANGELOG = """\
# Changelog

## 1.1.0

New.

### What a team must do

Nothing.

## 1.0.0

No duty is written down.
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A template with one release, and a changelog and a runbook for the next."""
    root = tmp_path / "template-repository"
    (root / "template/docs").mkdir(parents=True)
    (root / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (root / "template/docs/upgrading.md").write_text("### To 1.1.0\n", encoding="utf-8")
    (root / "releases.toml").write_text("conflicts = []\n", encoding="utf-8")
    commit(root)
    return root


def test_a_release_is_a_row_and_then_a_tag_with_its_notes(repository: Path) -> None:
    head = releases.git(repository, "rev-parse", "HEAD").strip()
    assert releases.add("1.1.0", repository) == Release("1.1.0", head)
    assert releases.released(repository / "releases.toml") == [Release("1.1.0", head)]
    commit(repository)
    assert releases.tag_all(repository) == ["1.1.0"]
    assert releases.tag_all(repository) == []
    assert releases.git(repository, "rev-parse", "1.1.0^{commit}").strip() == head
    message = releases.git(repository, "tag", "--list", "--format=%(contents)", "1.1.0")
    assert "### What a team must do\n\nNothing." in message
    assert "1.0.0" not in message


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.0.0", "has no `What a team must do`"),
        ("1.2.0", "no section `## 1.2.0`"),
        ("next", "is not a version"),
    ],
)
def test_a_release_without_its_texts_is_refused(
    repository: Path, version: str, message: str
) -> None:
    with pytest.raises(ReleaseError, match=message):
        releases.add(version, repository)
    assert releases.released(repository / "releases.toml") == []


def test_a_release_needs_a_runbook_and_a_clean_tree(repository: Path) -> None:
    (repository / "template/docs/upgrading.md").write_text("# Upgrading\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match="Commit your changes first"):
        releases.add("1.1.0", repository)
    commit(repository)
    with pytest.raises(ReleaseError, match=r"no runbook `### 1\.1\.0`"):
        releases.add("1.1.0", repository)


def test_every_pair_of_answers_is_walked() -> None:
    axes = ("frontend", "auth", "example", "states")
    rows = [{axis: str(row.get(axis)) for axis in axes} for row in release_check.PAIRWISE]
    for one in axes:
        for other in axes:
            if one != other:
                wanted = {(a[one], b[other]) for a in rows for b in rows}
                assert {(row[one], row[other]) for row in rows} == wanted


def test_a_project_of_an_earlier_release_takes_this_tree(tmp_path: Path) -> None:
    """The first row of the table, with edits in every zone."""
    earlier = releases.released()[0]
    known = subprocess.run(["git", "cat-file", "-e", earlier.commit], cwd=ROOT, check=False)
    if known.returncode != 0:
        pytest.skip(f"this clone has no commit {earlier.commit}")
    template = releases.scratch_clone(tmp_path / "template", [earlier])
    answers = release_check.PAIRWISE[3]
    project = tmp_path / "ours"
    assert release_check.walk(template, earlier, answers, project, own=True) == []
    assert f"_commit: {NEXT}" in (project / ".copier-answers.yml").read_text(encoding="utf-8")


def test_a_walk_names_lost_edits_conflicts_and_files_that_cannot_be_read(tmp_path: Path) -> None:
    files = {
        "backend/duplex_dev/update/engine_files.txt": "",
        "backend/app/broken.py": "def broken(:\n",
        "compose.yml": "<<<<<<< before updating\na\n=======\nb\n>>>>>>> after updating\n",
        "Caddyfile": "theirs\n",
        "Caddyfile.rej": "ours\n",
        "backend/duplex/engine.py": "edited\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = list(release_check.faults(tmp_path, {"Caddyfile": "ours", "gone.md": "ours"}))
    assert [fault.partition(":")[0] for fault in found] == [
        "Caddyfile",
        "gone.md",
        "Caddyfile.rej",
        "backend/app/broken.py",
        "compose.yml",
        "backend/duplex/engine.py",
    ]
    assert "compose.yml: a conflict of 4 lines" in found


def test_a_walk_names_files_that_the_release_dropped(tmp_path: Path) -> None:
    """Also moved ones: without their old path in `_exclude` Copier deletes a team's edits."""
    (tmp_path / "Caddyfile").touch()
    before = {"Caddyfile", "Dockerfile", "backend/duplex/engine.py"}
    (fault,) = release_check.gone(tmp_path, before)
    assert fault.startswith("Dockerfile: this tree no longer has it. List it in _exclude")


def test_every_conflict_of_a_file_is_measured() -> None:
    """The second conflict is longer than the first, and the last has no end."""
    small = "<<<<<<< before updating\na\n=======\nb\n>>>>>>> after updating\n"
    large = small.replace("a\n", "a\n" * 50)
    assert release_check.conflict_sizes(f"{small}between\n{large}{small[:25]}") == [4, 53, 2]


def test_edits_reach_every_zone(tmp_path: Path) -> None:
    """The walk proves nothing when an edit does not apply."""
    for name, text in {
        "backend/app/main.py": "from app.settings import Settings\n    routers=[],\n",
        "pyproject.toml": '    "aiosqlite~=1",\n',
        "frontend/package.json": '    "build": "vite build"\n',
        "compose.yml": "services:\n",
        "backend/app/states/save.py": '@state("save")\nasync def save():\n    """Save."""\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "frontend/src").mkdir()
    edited = edit_everything(tmp_path)
    assert len(edited) == 15
    assert "routers=[our_boards.router]," in (tmp_path / "backend/app/main.py").read_text()
    for name, text in edited.items():
        assert text in (tmp_path / name).read_text(encoding="utf-8"), name

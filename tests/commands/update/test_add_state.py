"""`poe add-state` in real repositories: it changes everything that it should, or nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from duplex_dev.commands import states
from duplex_dev.console import TaskError
from duplex_dev.update import changing, scratch
from duplex_dev.update.states import read_answers, with_states

from tests.commands.update.small_template import write
from tests.repository import commit, git

COPIER = """\
_subdirectory: template
_answers_file: .copier-answers.yml
states:
  type: yaml
  default: [save]
  validator: "{% if 'Bad' in states %}'Bad' is not camelCase{% endif %}"
"""
STATE = "{% yield name from states %}{{ name }}{% endyield %}.py.jinja"
ANSWERS = "{{ _copier_conf.answers_file }}.jinja"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with a module for each state, and a file that lists them all."""
    folder = tmp_path / "template"
    write(folder / "copier.yml", COPIER)
    write(folder / "template" / "states" / STATE, "NAME = '{{ name }}'\n")
    write(folder / "template" / "index.ts.jinja", "export { {{ states | join(', ') }} };\n")
    write(folder / "template" / ANSWERS, "{{ _copier_answers | to_nice_yaml -}}")
    commit(folder, tag="v1.0.0")
    return folder


Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Renders the template into a folder, and lets the command work there."""

    def made(folder: str = "project") -> Path:
        from copier import run_copy

        root = tmp_path / folder
        run_copy(str(template), root, defaults=True, quiet=True)
        monkeypatch.setattr(states, "ROOT", root)
        monkeypatch.setattr(states.setup, "prepare", lambda: None)
        monkeypatch.setattr(changing.files, "write", lambda: None)
        return root

    return made


def test_a_new_state_is_added_and_the_teams_changes_are_kept(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project()
    write(root / "states" / "save.py", "NAME = 'ours'\n")
    commit(root)
    assert states.add(["pause"]) == 0
    assert (root / "states" / "pause.py").read_text() == "NAME = 'pause'\n"
    assert (root / "states" / "save.py").read_text() == "NAME = 'ours'\n"
    assert (root / "index.ts").read_text() == "export { save, pause };\n"
    assert "states/pause.py" in capsys.readouterr().out


def test_a_conflict_in_a_monorepo_is_reported(project: Project, tmp_path: Path) -> None:
    root = project("monorepo/apps/ours")
    write(root / "index.ts", "export { save, ours };\n")
    commit(tmp_path / "monorepo")
    with pytest.raises(TaskError, match=r"conflict markers in index\.ts, then"):
        states.add(["pause"])
    assert "<<<<<<< " in (root / "index.ts").read_text()


def test_uncommitted_changes_of_another_project_are_ignored(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project("monorepo/apps/ours")
    commit(tmp_path / "monorepo")
    write(tmp_path / "monorepo" / "apps" / "theirs" / "file", "theirs")
    write(tmp_path / "monorepo" / "apps" / "ours-too" / "file", "theirs")
    assert states.add(["pause"]) == 0
    assert (root / "states" / "pause.py").is_file()
    printed = capsys.readouterr().out
    assert "    states/pause.py" in printed
    assert "theirs" not in printed


def test_uncommitted_changes_of_the_project_are_refused(project: Project) -> None:
    root = project()
    commit(root)
    write(root / "states" / "save.py", "NAME = 'not committed'\n")
    with pytest.raises(TaskError, match=r"Commit or stash .*: states/save\.py$"):
        states.add(["pause"])
    assert not (root / "states" / "pause.py").exists()


def test_files_written_by_commands_do_not_count_as_uncommitted_changes(project: Project) -> None:
    root = project()
    commit(root)
    write(root / "uv.lock", "made by `uv run`")
    write(root / "frontend" / "package-lock.json", "{}")
    assert states.add(["pause"]) == 0
    assert (root / "uv.lock").read_text() == "made by `uv run`"


def test_all_changes_are_undone_when_the_contract_cannot_be_generated(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project()
    commit(root)

    def fail() -> None:
        assert (root / "states" / "pause.py").is_file()
        raise TaskError("ImportError: no name Entry")

    monkeypatch.setattr(changing.files, "write", fail)
    with pytest.raises(TaskError, match=r"were undone\.\nImportError: no name Entry"):
        states.add(["pause"])
    assert git(root, "status", "--porcelain", "--untracked-files=all") == ""


def test_a_repository_named_in_the_environment_is_not_changed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    write(other / "file", "theirs")
    commit(other)
    root = project()
    commit(root)
    before = git(other, "rev-parse", "HEAD"), git(other, "config", "--list", "--local")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    scratch.must_be_clean(root)
    with scratch.scratch_copy(root) as copy:
        assert (copy / "states" / "save.py").is_file()
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert (git(other, "rev-parse", "HEAD"), git(other, "config", "--list", "--local")) == before
    assert git(other, "status", "--porcelain") == ""


def test_a_project_without_a_repository_is_refused(project: Project, tmp_path: Path) -> None:
    """Also inside a repository of something else, whose history must not get the project."""
    write(tmp_path / "home" / "file", "dotfiles")
    commit(tmp_path / "home")
    project("home/ours")
    with pytest.raises(TaskError, match=r"not committed to a git repository .*git init"):
        states.add(["pause"])


def test_a_name_that_the_template_refuses_changes_nothing(project: Project) -> None:
    root = project()
    commit(root)
    with pytest.raises(TaskError, match=r"^'Bad' is not camelCase\. Nothing was changed\.$"):
        states.add(["Bad"])
    assert git(root, "status", "--porcelain") == ""


def test_the_place_of_a_moved_template_can_be_given(project: Project, template: Path) -> None:
    root = project()
    commit(root)
    moved = template.rename(template.with_name("moved"))
    with pytest.raises(TaskError, match="--template") as caught:
        states.add(["pause"])
    assert "at v1.0.0 cannot be rendered" in str(caught.value)
    assert ".copier-answers.yml" not in str(caught.value)
    assert states.add(["pause", "--template", str(moved)]) == 0
    assert f"_src_path: {moved}" in (root / ".copier-answers.yml").read_text()


def test_new_names_are_added_at_the_end() -> None:
    assert with_states(["save"], ["pause", "resume"]) == ["save", "pause", "resume"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["save"], "'save' is a state of this project already"),
        (["pause", "pause"], "'pause' was given twice"),
    ],
)
def test_a_name_that_is_taken_is_refused(names: list[str], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        with_states(["save"], names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("_commit: v1\n_src_path: x\n", "no list `states`"),
        ("states: [save]\n_src_path: x\n", "does not name the template's version"),
        ("states: [", "not valid YAML"),
        ("- a\n", "no list `states`"),
    ],
)
def test_unusable_answers_are_explained(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / ".copier-answers.yml"
    write(file, text)
    with pytest.raises(TaskError, match=message):
        read_answers(file)


def test_missing_answers_are_explained(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"copier-answers\.yml is missing"):
        read_answers(tmp_path / ".copier-answers.yml")


def test_conflict_markers_are_recognised(tmp_path: Path) -> None:
    file = tmp_path / "index.ts"
    write(file, "a\n<<<<<<< before updating\nb\n")
    assert scratch.has_conflict(file)
    write(file, "a <<<<<<< b\n")
    assert not scratch.has_conflict(file)
    assert not scratch.has_conflict(tmp_path / "gone")


def test_the_environment_of_the_suite_names_no_repository() -> None:
    assert not {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} & os.environ.keys()

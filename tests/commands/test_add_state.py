"""`poe add-state` changes nothing unless it can do all of it, and says why not in plain words."""

import subprocess
from pathlib import Path

import pytest
from duplex_dev.commands import add_state
from duplex_dev.console import TaskError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(add_state, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "Scaffold")


def answers(folder: Path, text: str) -> Path:
    file = folder / ".copier-answers.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_new_names_go_behind_the_old_ones() -> None:
    assert add_state.extended(["save"], ["pause", "resume"]) == ["save", "pause", "resume"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["save"], "'save' is a state of this project already"),
        (["pause", "pause"], "'pause' was given twice"),
    ],
)
def test_a_name_that_is_there_is_refused(names: list[str], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        add_state.extended(["save"], names)


def test_the_answers_are_read(project: Path) -> None:
    file = answers(project, "_commit: v1.0.0\n_src_path: gh:some/template\nstates: [save]\n")
    assert add_state.read_answers(file)["states"] == ["save"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("_commit: v1\n_src_path: x\n", "no list `states`"),
        ("states: [save]\n_src_path: x\n", "which version of the template"),
        ("states: [", "not valid YAML"),
        ("- a\n", "no list `states`"),
    ],
)
def test_answers_that_do_not_do_are_explained(project: Path, text: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        add_state.read_answers(answers(project, text))


def test_missing_answers_are_explained(project: Path) -> None:
    with pytest.raises(TaskError, match=r"copier-answers\.yml is missing"):
        add_state.read_answers(project / ".copier-answers.yml")


def test_without_git_nothing_is_done(project: Path) -> None:
    with pytest.raises(TaskError, match="git init"):
        add_state.must_be_clean()


def test_changes_must_be_committed_first(project: Path) -> None:
    commit(project)
    add_state.must_be_clean()
    (project / "new file").write_text("", encoding="utf-8")
    assert add_state.changed_files() == ["new file"]
    with pytest.raises(TaskError, match="not committed"):
        add_state.must_be_clean()


def test_conflict_markers_are_seen(project: Path) -> None:
    file = project / "index.ts"
    file.write_text("a\n<<<<<<< before updating\nb\n", encoding="utf-8")
    assert add_state.has_conflict(file)
    file.write_text("a <<<<<<< b\n", encoding="utf-8")
    assert not add_state.has_conflict(file)
    assert not add_state.has_conflict(project / "gone")


def test_a_template_that_is_gone_is_named(project: Path) -> None:
    answers(project, f"_commit: v1.0.0\n_src_path: {project / 'nowhere'}\nstates: [save]\n")
    commit(project)
    found = add_state.read_answers(project / ".copier-answers.yml")
    with pytest.raises(TaskError, match=r"nowhere at v1\.0\.0 could not be rendered again"):
        add_state.update(["save", "pause"], found)


def test_a_template_that_was_given_as_a_relative_path_is_explained(project: Path) -> None:
    answers(project, "_commit: v1.0.0\n_src_path: duplex\nstates: [save]\n")
    commit(project)
    found = add_state.read_answers(project / ".copier-answers.yml")
    with pytest.raises(TaskError, match="write an absolute one, or the URL, behind `_src_path:`"):
        add_state.update(["save", "pause"], found)

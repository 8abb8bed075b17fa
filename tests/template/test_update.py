"""Updates of a team's project to a later release: edits are kept, conflicts are marked."""

import re
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml
from copier import VcsRef, run_copy, run_update

from tests import repository
from tests.combos import Answers
from tests.rendering import Render, made_once
from tests.repository import git
from tests.template.starter import STARTER, is_starter
from tools.releases import NEXT, allowed_conflicts, released, scratch_clone
from tools.source import ROOT, copy_source

HANDLER = "backend/app/states/start_things.py"
WATCHER = "frontend/src/states/startThings.ts"
SAME_IN_EVERY_RENDER = (
    "backend/duplex",
    "backend/duplex_dev",
    "frontend/e2e",
    "frontend/src/duplex",
)
"""Left out of the releases: rendering them again and again would be half of the work."""

STATE_TEMPLATE = (
    "backend/app/states/{% yield row from rows %}{{ row.snake }}{% endyield %}.py.jinja"
)
NOTES_TEMPLATE = "{% if notes %}frontend{% endif %}/src/notes.ts"


commit = partial(repository.commit, force=True)


def edit(file: Path, old: str, new: str) -> None:
    """Replace a piece of text that must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="session")
def releases(shared: Path) -> Path:
    """Two releases of the template: 1.0.0 is the working tree, 1.1.0 changes a bit of it."""
    return made_once(shared / "releases", make_releases)


def make_releases(folder: Path) -> None:
    template = copy_source(folder) / "template"
    for part in SAME_IN_EVERY_RENDER:
        shutil.rmtree(template / part, ignore_errors=True)
    commit(folder, tag="1.0.0")
    edit(template / STATE_TEMPLATE, "Save the session and end it", "Store the session and end it")
    edit(template / STATE_TEMPLATE, "Add a line to the shared notes", "Add one line to the notes")
    edit(template / NOTES_TEMPLATE, "\n", "\n// of release 1.1.0\n")
    edit(template / "compose.yml", "\nservices:", "\n# of release 1.1.0\nservices:")
    edit(template / "Caddyfile", "# TLS for", "# Of release 1.1.0: TLS for")
    (template / "NEWS.md").write_text("# News\n\nOf release 1.1.0.\n", encoding="utf-8")
    (template / ".editorconfig").unlink()
    commit(folder, tag="1.1.0")


@pytest.fixture(scope="session")
def first_copy(releases: Path, shared: Path) -> Path:
    """A project of release 1.0.0 with default answers, committed."""

    def make(folder: Path) -> None:
        run_copy(str(releases), folder, vcs_ref="1.0.0", defaults=True, quiet=True)
        commit(folder)

    return made_once(shared / "first-copy", make)


@pytest.fixture
def project(first_copy: Path, tmp_path: Path) -> Path:
    """A copy of `first_copy`, which a test may change."""
    return Path(shutil.copytree(first_copy, tmp_path / "team"))


def update(project: Path, ref: str | VcsRef = "1.1.0", /, **answers: object) -> None:
    """`copier update` with new answers; the project must be committed."""
    run_update(project, data=answers, vcs_ref=ref, defaults=True, overwrite=True, quiet=True)


def tree(project: Path) -> dict[str, bytes]:
    """The project's files without git's own and without the record of where it came from."""
    files = Render(project).files()
    return {
        name: content
        for name, content in files.items()
        if not name.startswith(".git/") and name != ".copier-answers.yml"
    }


@pytest.fixture(scope="module")
def fresh(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A new project of a release, to compare an updated one with."""

    def make(ref: str = "1.1.0", **answers: object) -> Path:
        target = tmp_path_factory.mktemp("fresh") / "team"
        run_copy(str(releases), target, vcs_ref=ref, data=answers, defaults=True, quiet=True)
        return target

    return make


def test_a_project_without_edits_becomes_what_the_release_renders(
    project: Path, fresh: Callable[..., Path]
) -> None:
    update(project)
    expected = {name: text for name, text in tree(fresh()).items() if not is_starter(name)}
    assert {name: text for name, text in tree(project).items() if not is_starter(name)} == expected
    assert (project / "NEWS.md").is_file()
    assert not (project / ".editorconfig").exists()


def test_a_release_never_touches_the_starter_code(project: Path) -> None:
    """Edited or not: a test of a state, say, fits the handler that was rendered with it."""
    before = {name: content for name, content in tree(project).items() if is_starter(name)}
    assert {HANDLER, WATCHER, "backend/app/document.py", "frontend/src/app.ts"} <= set(before)
    edit(project / HANDLER, "Add a line to the shared notes", "Write it down")
    commit(project, "Ours")
    before[HANDLER] = (project / HANDLER).read_bytes()
    update(project)
    after = tree(project)
    assert {name: after.get(name) for name in before} == before
    assert "NEWS.md" in after


def test_the_starter_code_is_this_list(releases: Path) -> None:
    """Exactly these files; a file that is not listed is merged."""
    config = yaml.safe_load((releases / "copier.yml").read_text(encoding="utf-8"))
    skipped = [f"{{% if not _copier_conf.data %}}{pattern}{{% endif %}}" for pattern in STARTER]
    excluded = [f"{{% if release | default(false) %}}{pattern}{{% endif %}}" for pattern in STARTER]
    assert config["_skip_if_exists"] == skipped
    assert config["_exclude"][-len(excluded) :] == excluded


def test_the_docs_list_the_starter_code(first_copy: Path) -> None:
    text = (first_copy / "docs/upgrading.md").read_text(encoding="utf-8")
    section = text.partition("Starter code belongs to you")[2].partition("Merged files")[0]
    listed = " ".join(section.split())
    for pattern in STARTER:
        words = pattern.removesuffix(".*").strip("/").split("/")
        assert words[0] in listed
        assert re.search(rf"`([\w./-]+/)?{re.escape(words[-1])}/?`", listed), pattern


def test_every_pattern_of_the_starter_code_matches_a_file(first_copy: Path) -> None:
    names = tree(first_copy)
    used = {one for one in STARTER for name in names if is_starter(name, patterns=[one])}
    assert used == set(STARTER)


def test_a_merged_file_keeps_edits_and_gets_the_release(project: Path) -> None:
    edit(project / "compose.yml", "\n", "\n# ours\n")
    (project / "backend/app/ours.py").write_text('"""Ours."""\n', encoding="utf-8")
    commit(project, "Ours")
    update(project)
    merged = (project / "compose.yml").read_text(encoding="utf-8")
    assert "# ours" in merged
    assert "# of release 1.1.0" in merged
    assert "<<<<<<<" not in merged
    assert (project / "backend/app/ours.py").is_file()


def test_edits_that_clash_are_marked_in_the_file_and_in_git(project: Path) -> None:
    edit(project / "Caddyfile", "# TLS for", "# Ours: TLS for")
    commit(project, "Ours")
    update(project)
    text = (project / "Caddyfile").read_text(encoding="utf-8")
    assert "<<<<<<< before updating" in text
    assert "# Ours: TLS for" in text
    assert "# Of release 1.1.0: TLS for" in text
    assert git(project, "diff", "--name-only", "--diff-filter=U").splitlines() == ["Caddyfile"]
    assert not [name for name in tree(project) if name.endswith(".rej")]


@pytest.mark.parametrize("name", ["frontend/src/notes.ts", HANDLER, "compose.yml"])
def test_what_the_team_deleted_stays_deleted(project: Path, name: str) -> None:
    """`_skip_if_exists` alone would bring starter code back."""
    edit(project / WATCHER, 'label: "Start things"', 'label: "Begin"')
    before = tree(project)
    (project / name).unlink()
    commit(project, "Not needed")
    update(project)
    assert not (project / name).exists()
    assert (project / "NEWS.md").is_file()
    after = tree(project)
    kept = [one for one in before if is_starter(one) and one != name]
    assert [one for one in kept if after.get(one) != before[one]] == []
    assert not [name for name in tree(project) if name.endswith(".rej")]


def test_an_answer_changes_edited_starter_code_beside_deleted_files(project: Path) -> None:
    edit(project / HANDLER, "document.add(entry)", "document.add(entry)\n        # ours")
    (project / "backend/tests/states/test_save.py").unlink()
    (project / "Caddyfile").unlink()
    commit(project, "Ours")
    update(project, VcsRef.CURRENT, closing_states=["startThings"])
    handler = (project / HANDLER).read_text(encoding="utf-8")
    assert "# ours" in handler
    assert "closes=True" in handler
    assert not (project / "backend/tests/states/test_save.py").exists()
    assert not (project / "Caddyfile").exists()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("states", ["startThings", "save"]),
        ("auth", ["password"]),
        ("frontend", "react"),
        ("description", "A web application with one live session per page"),
    ],
)
def test_a_release_and_an_answer_are_two_steps(
    project: Path, question: str, answer: object
) -> None:
    """Together, the answer would silently not change the starter code, or the release would."""
    with pytest.raises(ValueError, match="update first, then change"):
        update(project, "1.1.0", **{question: answer})
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize("states", [["startThings", "save"], ["startThings", "happened", "save"]])
def test_a_state_that_would_lose_its_modules_is_refused(project: Path, states: list[str]) -> None:
    with pytest.raises(ValueError, match="use `uv run poe remove-state somethingHappened`"):
        update(project, VcsRef.CURRENT, states=states)
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(("question", "answer"), [("frontend", "react"), ("example", "none")])
def test_an_answer_that_deletes_files_is_refused_outside_of_the_command(
    project: Path, question: str, answer: str
) -> None:
    with pytest.raises(ValueError, match=rf"use `uv run poe update --data {question}="):
        update(project, VcsRef.CURRENT, **{question: answer})
    assert git(project, "status", "--porcelain") == ""


CHANGES: dict[str, Answers] = {
    "other frontend": {"frontend": "react"},
    "sign-in": {"auth": ["password"]},
    "other name": {"project_name": 'The "New" Name', "description": "It's new"},
    "other slug": {"project_slug": "new-name"},
    "states added": {"states": ["startThings", "somethingHappened", "save", "pauseThings"]},
    "state in the middle": {"states": ["startThings", "pauseThings", "somethingHappened", "save"]},
    "other order": {"states": ["save", "startThings", "somethingHappened"]},
    "nothing closes": {"closing_states": []},
    "other example": {"example": "none"},
    "other closes": {"closing_states": ["somethingHappened"]},
}


@pytest.mark.parametrize("answers", CHANGES.values(), ids=CHANGES)
def test_each_answer_can_change(
    project: Path, fresh: Callable[..., Path], answers: Answers
) -> None:
    # As the project's own commands do it.
    update(project, VcsRef.CURRENT, **answers, edits_are_kept=True)
    # The slug is an answer of its own: it stays when the name that proposed it changes. And the
    # states of the first render stay those of the example.
    kept = {
        "project_slug": "my-app",
        "example_states": ["startThings", "somethingHappened", "save"],
    }
    assert tree(project) == tree(fresh("1.0.0", **{**kept, **answers}))


def test_a_changed_frontend_and_sign_in_can_be_changed_back(project: Path) -> None:
    before = tree(project)
    update(project, VcsRef.CURRENT, frontend="react", auth=["password"], edits_are_kept=True)
    assert tree(project) != before
    commit(project, "Changed")
    update(project, VcsRef.CURRENT, frontend="vue", auth=[], edits_are_kept=True)
    assert tree(project) == before


def test_adding_states_leaves_the_team_s_modules_alone(project: Path) -> None:
    edit(project / HANDLER, "document.add(entry)", "document.add(entry)\n        # ours")
    commit(project, "Ours")
    before = tree(project)
    states = ["startThings", "somethingHappened", "save", "pauseThings"]
    update(project, VcsRef.CURRENT, states=states)
    after = tree(project)
    added = set(after) - set(before)
    assert added == {
        "backend/app/states/pause_things.py",
        "backend/tests/states/test_pause_things.py",
        "frontend/src/states/pauseThings.ts",
    }
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {"README.md", "frontend/src/states/index.ts"}


def test_an_added_state_needs_nothing_of_the_example(project: Path) -> None:
    """The document may be the team's own by then."""
    states = ["startThings", "somethingHappened", "save", "pauseThings"]
    update(project, VcsRef.CURRENT, states=states)
    handler = (project / "backend/app/states/pause_things.py").read_text(encoding="utf-8")
    assert "from app.document import Session\n" in handler
    assert "Entry" not in handler
    watcher = (project / "frontend/src/states/pauseThings.ts").read_text(encoding="utf-8")
    assert "otes" not in watcher
    assert "Entry" not in watcher


def test_a_refused_answer_changes_nothing(project: Path) -> None:
    before = tree(project)
    with pytest.raises(ValueError, match="not camelCase"):
        update(project, VcsRef.CURRENT, states=["Bad"])
    assert tree(project) == before
    assert git(project, "status", "--porcelain") == ""


def test_last_release_updates_to_this_working_tree(tmp_path: Path) -> None:
    """The step that every team with the last release takes next."""
    last = released()[-1]
    if subprocess.run(["git", "cat-file", "-e", last.commit], cwd=ROOT, check=False).returncode:
        pytest.skip(f"this clone is shallow: it has no commit {last.commit}")
    template = scratch_clone(tmp_path / "template", [last])
    project = tmp_path / "team"
    run_copy(str(template), project, vcs_ref=last.version, defaults=True, quiet=True)
    commit(project)
    edit(project / HANDLER, "document.add(entry)", "document.add(entry)\n        # ours")
    commit(project, "Ours")
    update(project, NEXT)
    assert f"_commit: {NEXT}" in (project / ".copier-answers.yml").read_text(encoding="utf-8")
    assert "# ours" in (project / HANDLER).read_text(encoding="utf-8")
    conflicts = set(git(project, "diff", "--name-only", "--diff-filter=U").splitlines())
    assert conflicts <= allowed_conflicts()

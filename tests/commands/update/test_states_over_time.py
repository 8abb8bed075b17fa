"""States are added, renamed and removed in a project with edits, and no edit is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from duplex_dev.commands import states
from duplex_dev.console import TaskError
from duplex_dev.update import changing
from duplex_dev.update.states import StateChange, snake

from tests.commands.update.small_template import edit, make_project, make_template, write
from tests.repository import commit, git

START = "backend/app/states/start_things.py"
BEGIN = "backend/app/states/begin_things.py"
INDEX = "frontend/src/states/index.ts"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("states") / "template")


@pytest.fixture
def root(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a sub-folder of a repository, where somebody else has uncommitted work."""
    root = make_project(template, tmp_path / "monorepo/apps/ours", monkeypatch)
    commit(tmp_path / "monorepo")
    write(tmp_path / "monorepo/apps/theirs/file", "theirs")
    return root


def test_an_unedited_state_gets_another_name(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert states.rename(["startThings", "beginThings"]) == 0
    assert not (root / START).exists()
    assert '@state("beginThings")' in (root / BEGIN).read_text()
    assert (root / INDEX).read_text().count("beginThings") == 3
    assert "startThings" not in (root / ".copier-answers.yml").read_text()
    printed = capsys.readouterr().out
    assert f"    {START}\n" in printed
    assert f"    {BEGIN}\n" in printed
    assert "theirs" not in printed


def test_a_renamed_state_takes_its_edits_along(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root / START, "    second()", "    ours(StartThingsRequest, start_things)")
    edit(root / START, "@state", "# Of startThings.\n@state")
    commit(root)
    assert states.rename(["startThings", "beginThings"]) == 0
    assert (root / BEGIN).read_text() == (
        '# Of beginThings.\n@state("beginThings")\n'
        "async def begin_things(data: BeginThingsRequest) -> None:\n"
        '    """Do it."""\n    first()\n    ours(BeginThingsRequest, begin_things)\n    third()\n'
    )
    assert f"Your edits of {START} are in {BEGIN}" in capsys.readouterr().out


def test_a_name_that_is_a_word_is_renamed_only_where_it_is_the_state(root: Path) -> None:
    edit(root / "backend/app/states/save.py", "    second()", "    session.save(SaveRequest)")
    commit(root)
    assert states.rename(["save", "store"]) == 0
    text = (root / "backend/app/states/store.py").read_text()
    assert "    session.save(StoreRequest)\n" in text
    assert '@state("store", closes=True)\nasync def store(data: StoreRequest)' in text
    assert "closing_states:\n- store\n" in (root / ".copier-answers.yml").read_text()


def test_removed_states_leave_edited_modules_behind(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root / START, "second()", "ours()")
    edit(root / INDEX, "\nexport const", "\n// ours\nexport const")
    write(root / "frontend/src/pages/Ours.ts", 'send("startThings");\nsend("pauseThings");\n')
    commit(root)
    assert states.remove(["startThings", "save"]) == 0
    assert not (root / START).exists()
    assert "ours()" in (root / "removed" / START).read_text()
    assert not (root / "frontend/src/states/startThings.ts").exists()
    assert not (root / "removed/frontend").exists()
    assert (root / INDEX).read_text() == (
        'import { pauseThings } from "./pauseThings";\n\n// ours\n'
        "export const watchers = {\n  pauseThings,\n} satisfies Watchers;\n"
    )
    printed = capsys.readouterr().out
    before, _, after = printed.partition("Changed, new or deleted")
    assert f"{START} has your edits: they will be kept in removed/{START}" in before
    assert f"Your edits of {START} are in removed/{START}" in after
    assert "    frontend/src/pages/Ours.ts:1\n" in after
    assert "Ours.ts:2" not in after
    assert "- pauseThings\n" in (root / ".copier-answers.yml").read_text()


def test_a_state_that_is_removed_again_does_not_replace_what_was_kept_before(root: Path) -> None:
    for words in ("the first()", "another()", "another()"):
        edit(root / START, "second()", words)
        commit(root)
        assert states.remove(["startThings"]) == 0
        commit(root)
        assert states.add(["startThings"]) == 0
        commit(root)
    assert "the first()" in (root / "removed" / START).read_text()
    assert "another()" in (root / "removed/2" / START).read_text()
    assert not (root / "removed/3").exists()


def test_ten_states_come_after_the_team_sorted_the_list(root: Path) -> None:
    text = (root / INDEX).read_text()
    lines = text.replace("  startThings,\n", "").replace("  save,\n", "  save,\n  startThings,\n")
    (root / INDEX).write_text(lines)
    commit(root)
    names = [f"state{number}" for number in range(10)]
    assert states.add(names) == 0
    text = (root / INDEX).read_text()
    assert "<<<<<<<" not in text
    assert text.index("  save,\n  startThings,\n  state0,\n  state1,") > 0
    assert [f'import {{ {name} }} from "./{name}";' in text for name in names] == [True] * 10


@pytest.mark.parametrize(
    ("command", "names", "message"),
    [
        (states.rename, ["gone", "new"], "'gone' is not a state of this project"),
        (
            states.rename,
            ["save", "startThings"],
            "'startThings' is a state of this",
        ),
        (states.remove, ["save", "gone"], "'gone' is not a state of this project"),
    ],
)
def test_invalid_names_of_states_change_nothing(
    root: Path, command: Callable[[list[str]], int], names: list[str], message: str
) -> None:
    with pytest.raises(TaskError, match=message):
        command(names)
    assert git(root, "status", "--porcelain", "--", ".") == ""


def test_uncommitted_work_is_a_reason_to_refuse(root: Path) -> None:
    edit(root / START, "second()", "ours()")
    for command, names in ((states.rename, ["save", "store"]), (states.remove, ["save"])):
        with pytest.raises(TaskError, match=rf"Commit or stash .*: {START}$"):
            command(names)
    assert "ours()" in (root / START).read_text()


def test_all_changes_are_undone_when_the_contract_cannot_be_generated(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(root / START, "second()", "ours()")
    commit(root)

    def fail() -> None:
        assert not (root / START).exists()
        raise TaskError("ImportError: app.states.start_things")

    monkeypatch.setattr(changing.files, "write", fail)
    with pytest.raises(TaskError, match=r"were undone\.\nImportError"):
        states.remove(["startThings"])
    assert git(root, "status", "--porcelain", "--", ".") == ""
    assert "ours()" in (root / START).read_text()


def test_spellings_are_those_of_the_template(root: Path) -> None:
    modules = {file.stem for file in (root / "backend/app/states").glob("*.py")}
    assert modules == {snake(name) for name in ("startThings", "pauseThings", "save")}
    assert snake("getURL2Go") == "get_url2_go"


def test_a_list_in_another_form_is_left_to_the_team() -> None:
    change = StateChange({"states": ["a"]}, removed=("a",))
    assert change.rewired("export const watchers = all();\n") is None

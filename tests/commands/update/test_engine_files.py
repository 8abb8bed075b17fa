"""`poe lint` names the engine's files that were edited."""

from pathlib import Path

import pytest
from duplex_dev.update import engine_files
from duplex_dev.update.engine_files import differences, digest_of, released


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("backend/duplex/a.py", "backend/duplex_dev/b.py", "frontend/src/duplex/c.ts"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(f"{name}\n", encoding="utf-8")
    (tmp_path / "backend/app").mkdir()
    (tmp_path / "backend/app/main.py").write_text("ours\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def release(project: Path) -> dict[str, set[str]]:
    """The hashes of the project as it is, and of files that it did not ask for."""
    names = [file.relative_to(project).as_posix() for file in engine_files.engine_files(project)]
    hashes = {name: {digest_of(project / name)} for name in names}
    return hashes | {"backend/duplex/accounts/password.py": {"0"}}


@pytest.fixture
def of_project(
    project: Path, release: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command looks at the project, which has the release's files."""

    def as_released(file: Path) -> dict[str, set[str]]:
        return release

    monkeypatch.setattr(engine_files, "ROOT", project)
    monkeypatch.setattr(engine_files, "released", as_released)


def test_an_unedited_engine_passes(project: Path, release: dict[str, set[str]]) -> None:
    (project / "backend/duplex/__pycache__").mkdir()
    (project / "backend/duplex/__pycache__/a.pyc").write_bytes(b"")
    (project / "backend/duplex/a.py").write_bytes(b"backend/duplex/a.py\r\n")
    assert differences(project, release) == {}


def test_edited_and_added_files_are_named(project: Path, release: dict[str, set[str]]) -> None:
    (project / "backend/duplex/a.py").write_text("ours\n", encoding="utf-8")
    (project / "frontend/src/duplex/ours.ts").write_text("ours\n", encoding="utf-8")
    assert differences(project, release) == {
        "backend/duplex/a.py": "was edited",
        "frontend/src/duplex/ours.ts": "is not a file of the engine",
    }


def test_a_path_may_have_the_file_of_either_frontend(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "hashes.txt"
    name = "frontend/src/duplex/c.ts"
    own = digest_of(project / name)
    file.write_text(f"0  {name}\n{own}  {name}\n1  backend/x.py\n", encoding="utf-8")
    assert released(file)[name] == {"0", own}
    assert name not in differences(project, released(file))


@pytest.mark.usefixtures("of_project")
def test_the_command_fails_and_says_what_to_do(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert engine_files.main() == 0
    (project / "backend/duplex/a.py").write_text("ours\n", encoding="utf-8")
    assert engine_files.main() == 1
    printed = capsys.readouterr()
    assert "backend/duplex/a.py: was edited" in printed.err
    assert "backend/app or frontend/src" in printed.out
    (project / "backend/duplex/a.py").write_text("backend/duplex/a.py\n", encoding="utf-8")
    assert engine_files.main() == 0


@pytest.mark.usefixtures("of_project")
def test_files_that_an_update_rejected_are_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git ignores these files, so no other tool reports them."""
    (project / "frontend/node_modules").mkdir()
    (project / "frontend/node_modules/theirs.rej").touch()
    (project / "compose.yml.rej").touch()
    assert engine_files.main() == 1
    assert "✗ compose.yml.rej: an update could not" in capsys.readouterr().err
    assert engine_files.rejected_files(project) == ["compose.yml.rej"]

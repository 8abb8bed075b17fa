"""Variables that other programs export do not change what a command does."""

import subprocess
import sys

import pytest
from duplex_dev.machine import environment, node, processes
from duplex_dev.machine.network import is_loopback, reachable_host, url_of


@pytest.mark.parametrize(
    "name",
    [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_PREFIX",
        "GIT_AUTHOR_DATE",
        "GIT_EXEC_PATH",
    ],
)
def test_variables_of_a_git_hook_do_not_reach_other_repositories(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "/somewhere")
    assert name not in processes.python_environment()
    assert name not in node.environment()


def test_settings_of_git_for_remote_servers_are_kept() -> None:
    given = {"GIT_SSH_COMMAND": "ssh -i key", "GIT_SSL_CAINFO": "/ca", "GIT_ASKPASS": "ask"}
    assert environment.clean(given) == given


@pytest.mark.parametrize(
    "name", ["NODE_ENV", "npm_config_omit", "NPM_CONFIG_OMIT", "npm_config_production"]
)
def test_production_settings_do_not_omit_packages(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "production")
    assert name not in node.environment()


def test_the_node_exported_by_npm_is_ignored() -> None:
    npm = {"NODE": "/usr/bin/node", "npm_node_execpath": "/usr/bin/node"}
    assert "NODE" not in environment.clean(npm)
    own = {"NODE": "/opt/node/bin/node", "npm_node_execpath": "/usr/bin/node"}
    assert environment.clean(own)["NODE"] == "/opt/node/bin/node"


@pytest.mark.parametrize("proxy", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_this_machine_is_never_reached_through_a_proxy(proxy: str) -> None:
    made = environment.clean({proxy: "http://proxy:3128"})
    assert made["NO_PROXY"] == made["no_proxy"] == "localhost,127.0.0.1,::1"
    given = {proxy: "http://proxy:3128", "no_proxy": "example.org,localhost"}
    assert environment.clean(given)["NO_PROXY"] == "example.org,localhost,127.0.0.1,::1"


def test_without_a_proxy_nothing_is_added() -> None:
    assert environment.clean({"PATH": "/bin"}) == {"PATH": "/bin"}


PRINT = """\
import os
from duplex_dev.machine.environment import clean_process
clean_process()
print(sorted(name for name in os.environ if name in ("GIT_DIR", "NODE_ENV", "NO_PROXY")))
"""


def test_a_command_cleans_its_own_process() -> None:
    given = processes.python_environment() | {
        "GIT_DIR": "/x",
        "NODE_ENV": "production",
        "HTTP_PROXY": "p",
    }
    done = subprocess.run(
        [sys.executable, "-c", PRINT], env=given, capture_output=True, text=True, check=True
    )
    assert done.stdout == "['NO_PROXY']\n"


def test_other_entries_of_pythonpath_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/first")
    assert processes.python_environment()["PYTHONPATH"].split(":") == [
        "/first",
        str(processes.BACKEND),
    ]
    monkeypatch.setenv("PYTHONPATH", str(processes.BACKEND))
    assert processes.python_environment()["PYTHONPATH"] == str(processes.BACKEND)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("ws://[::1]:8000/api/v1/socket", True),
        ("http://localhost", True),
        ("https://app.localhost", True),
        ("https://example.org", False),
        ("http://192.0.2.1:8000", False),
    ],
)
def test_loopback_addresses_are_recognised(url: str, loopback: bool) -> None:
    assert is_loopback(url) == loopback


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("0.0.0.0", "http://127.0.0.1:81"),
        ("::", "http://[::1]:81"),
        ("::1", "http://[::1]:81"),
        ("192.0.2.7", "http://192.0.2.7:81"),
        ("my-laptop.local", "http://my-laptop.local:81"),
    ],
)
def test_the_printed_url_can_be_opened(host: str, url: str) -> None:
    assert url_of(host, 81) == url
    assert reachable_host(host) in url


def test_no_module_of_the_commands_runs_git_by_itself() -> None:
    """Everything goes through machine/git.py, which ignores the environment's repository."""
    modules = processes.BACKEND.joinpath("duplex_dev").rglob("*.py")
    own = [file.name for file in modules if '["git"' in file.read_text(encoding="utf-8")]
    assert own == ["git.py"]

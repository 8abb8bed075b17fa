"""The jobs that propose releases: a failure is red, and no release is proposed twice."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from tools.source import ROOT

COMMANDS = {
    # `poe update` takes a release (TAKES) and exits with CODE.
    "uv": """
[ "$3" = update ] || exit 0
[ -z "$TAKES" ] || echo "_commit: 1.1.0" > .copier-answers.yml
exit "$CODE"
""",
    "gh": "",
}


def on_github() -> tuple[list[str], str]:
    """The shell of the step that updates, and its script."""
    jobs = yaml.safe_load((ROOT / "template/.github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    (step,) = (
        step for step in jobs["template-update"]["steps"] if "gh pr create" in step.get("run", "")
    )
    shell = ["-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
    return ["bash", *shell, "-c"], step["run"]


def on_gitlab() -> tuple[list[str], str]:
    """The shell of the job, and its script."""
    job = yaml.safe_load((ROOT / "template/.gitlab-ci.yml").read_text("utf-8"))["template-update"]
    return ["bash", "-eo", "pipefail", "-c"], "\n".join(job["script"])


Job = Callable[[], tuple[list[str], str]]


class Repository:
    """A project with a remote repository, and a job that runs in a fresh checkout of it."""

    def __init__(self, folder: Path, job: Job) -> None:
        self._folder, self._job = folder, job
        self._remote = folder / "remote.git"
        self._environment = {**os.environ, **environment(folder)}
        self._git("init", "--quiet", "--bare", str(self._remote), at=folder)
        self._git("config", "receive.advertisePushOptions", "true", at=self._remote)
        first = self._checkout("first")
        (first / ".copier-answers.yml").write_text("_commit: 1.0.0\n", encoding="utf-8")
        self._git("add", "--all", at=first)
        self._git("commit", "--quiet", "--message", "First", at=first)
        self._git("push", "--quiet", "origin", "HEAD", at=first)

    def run(self, name: str, code: int, takes: str) -> int:
        """The job's exit status."""
        shell, script = self._job()
        more = {"CODE": str(code), "TAKES": takes}
        return subprocess.run(
            [*shell, script],
            cwd=self._checkout(name),
            env=self._environment | more,
            capture_output=True,
            check=False,
        ).returncode

    def proposed(self) -> list[str]:
        """The branches beside the first one."""
        listed = self._git("branch", "--list", "template-*", at=self._remote)
        return [line.strip(" *") for line in listed.splitlines()]

    def _checkout(self, name: str) -> Path:
        self._git("clone", "--quiet", str(self._remote), name, at=self._folder)
        return self._folder / name

    def _git(self, *arguments: str, at: Path) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=at,
            env=self._environment,
            capture_output=True,
            check=True,
            text=True,
        ).stdout


def environment(folder: Path) -> Mapping[str, str]:
    """The variables of both services, with commands that are not the real ones."""
    commands = folder / "commands"
    commands.mkdir()
    for name, text in COMMANDS.items():
        (commands / name).write_text(f"#!/bin/sh{text or chr(10)}", encoding="utf-8")
        (commands / name).chmod(0o755)
    author = {"name": "Ada", "email": "ada@example.org"}
    return {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        **{
            f"GIT_{who}_{key.upper()}": value
            for who in ("AUTHOR", "COMMITTER")
            for key, value in author.items()
        },
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder / 'remote.git'}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://update:token@git.example.org/team/app.git",
        "RUNNER_TEMP": str(folder),
        "BASE": "main",
        "UPDATE_TOKEN": "token",
        "CI_SERVER_HOST": "git.example.org",
        "CI_PROJECT_PATH": "team/app",
        "CI_DEFAULT_BRANCH": "main",
    }


@pytest.fixture(params=[on_github, on_gitlab])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    return Repository(tmp_path, request.param)


def test_an_update_that_fails_is_red(repository: Repository) -> None:
    assert repository.run("nothing_new", 0, takes="") == 0
    assert repository.run("failed", 1, takes="") != 0
    assert repository.proposed() == []


@pytest.mark.parametrize("code", [0, 1], ids=["no conflict", "conflicts"])
def test_a_release_is_proposed_once(repository: Repository, code: int) -> None:
    assert repository.run("first_week", code, takes="1.1.0") == 0
    assert repository.proposed() == ["template-1.1.0"]
    assert repository.run("next_week", code, takes="1.1.0") == 0
    assert repository.proposed() == ["template-1.1.0"]

"""Clients of the WebSocket guide work unmodified: npm's `websocket-as-promised` walks it."""

import asyncio
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from duplex_dev import sign_in

from tests.combos import STATES, Combo
from tests.node import BIN, npm_folder
from tests.workshop import Project, Workshop

CLIENT = ("websocket-as-promised", "~3.0.1")
WALK = Path(__file__).with_name("walk_guide.mjs")
STEPS = ["initialised", "startThings", "somethingHappened", "errors", "save", "opened again"]

SERVE = """\
import sys
from duplex_dev.machine.temporary import running
with running({}) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""
"""Runs in a project: a server with a database of its own, until its input ends."""


def test_the_guides_own_client_works_unmodified(workshop: Workshop, deep_combo: Combo) -> None:
    if STATES[deep_combo.states]:
        pytest.skip("the guide names the default states")
    project = workshop.project(deep_combo)
    with served(project) as url:
        socket = f"{url.replace('http', 'ws', 1)}/api/v1/socket"
        token = [sign_up(url)] if "password" in deep_combo.answers["auth"] else []
        command = [str(BIN / "node"), str(WALK), str(npm_folder(*CLIENT)), socket, *token]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == STEPS


@contextmanager
def served(project: Project) -> Generator[str]:
    """The URL of a server of this project."""
    python = str(project.root / ".venv/bin/python")
    process = subprocess.Popen(
        [python, "-c", SERVE],
        cwd=project.root,
        env=project.environment | {"PYTHONPATH": str(project.root / "backend")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


def sign_up(url: str) -> str:
    """The access token of a new account, whose mail is answered."""
    token = asyncio.run(sign_in.sign_up(url, "Ada"))
    assert token is not None
    return token

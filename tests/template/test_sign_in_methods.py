"""Every choice of sign-in methods, with both pages: the backend starts, and its ways in answer.
There is no trace of the methods that were not chosen, and the schema is always the same.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.combos import FRONTENDS
from tests.rendering import Render

METHODS = ("password", "magic_link", "totp", "passkey")

ALL = [set(some) for count in range(5) for some in combinations(METHODS, count)]

CHOICES = [some for some in ALL if "totp" not in some or some & {"password", "magic_link"}]

ROUTES = {
    "password": "/api/v1/auth/password/sign-in",
    "magic_link": "/api/v1/auth/magic-link",
    "totp": "/api/v1/auth/totp/sign-in",
    "passkey": "/api/v1/auth/passkeys/sign-in",
}

BACKEND = {
    "password": r"argon2-cffi|import argon2|from zxcvbn|recover_password|methods.password",
    "magic_link": r"magic.?link|sign_in_link",
    "totp": r"pyotp|segno|second_step_changed|\btotp\(\)|methods.totp",
    "passkey": r"\bwebauthn\b(?!\s+credential)|passkeys_changed|\bpasskeys\(\)|methods.passkey",
}
PAGE = {
    "password": r"password",
    "magic_link": r"magic.?link",
    "totp": r"totp|authenticator",
    "passkey": r"passkey|webauthn",
}
DOCS = {
    "password": r"argon2|zxcvbn|current password",
    "magic_link": r"\| a link or code by mail \|",
    "totp": r"authenticator|recovery code",
    "passkey": r"webauthn",
}
"""For each method: names of files, packages, imports and texts of a project that has it."""

TRACES = (
    # The tables are the same in every project, and the commands and tests serve any of them.
    (r"(backend/(?!duplex/(accounts/tables|migrations)/|duplex_dev/|tests/)|pyproject)", BACKEND),
    # The inspector hides fields of any project whose names are those of secrets.
    (r"frontend/(?!e2e/|src/duplex/inspector/conversation)", PAGE),
    (r"docs/authentication\.md", DOCS),
)

WAYS_IN: dict[str, tuple[str, dict[str, Any], int]] = {
    "password": ("password/sign-in", {"email": "a@b.org", "password": "a wrong password"}, 401),
    "password/recover": ("password/recover", {"email": "a@b.org"}, 202),
    "magic_link": ("magic-link", {"email": "a@b.org"}, 202),
    "magic_link/code": ("magic-link/sign-in", {"code": "AAAA-AAAA"}, 403),
    "totp": ("totp/sign-in", {"challenge": "a.b", "code": "000000"}, 410),
    "passkey": ("passkeys/sign-in/options", {}, 200),
    "passkey/recover": ("passkeys/recover", {"email": "a@b.org"}, 202),
    "": ("invitation/accept", {"token": "a.b"}, 410),
}
"""For each method: a route below /api/v1/auth, a body, and the status of its answer."""

SIGN_UP = "sign-up"
"""Below /api/v1/auth: with accounts its GET tells who can create one; its POST asks for one by an
address alone, where a method needs no more.
"""

READ = {".py", ".toml", ".txt", ".html", ".json", ".ts", ".tsx", ".vue", ".js", ".css", ".md"}

PROGRAM = Path(__file__).with_name("calling.py")


@pytest.fixture(scope="module")
def starter() -> Iterator["subprocess.Popen[str]"]:
    """The process of calling.py."""
    with subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        # Nothing is written into the render, which other tests read.
        env={**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


@pytest.fixture(scope="module")
def whole_schema(
    render: Callable[..., Render],
    starter: "subprocess.Popen[str]",
    tmp_path_factory: pytest.TempPathFactory,
) -> list[str]:
    """The tables of a project with every method."""
    root = render({"auth": list(METHODS)}).root
    database = tmp_path_factory.mktemp("whole") / "app.db"
    schema: list[str] = started(root, database, starter)["schema"]
    assert len(schema) > 10
    return schema


def called(chosen: set[str]) -> str:
    return "-".join(sorted(chosen)) or "none"


@pytest.mark.parametrize("chosen", CHOICES, ids=called)
def test_any_choice_of_methods_starts_without_files_of_the_others(
    chosen: set[str],
    render: Callable[..., Render],
    tmp_path: Path,
    starter: "subprocess.Popen[str]",
    whole_schema: list[str],
) -> None:
    root = render({"auth": [method for method in METHODS if method in chosen]}).root
    found = started(root, tmp_path / "app.db", starter)
    paths = found["paths"]
    assert ("/api/v1/auth/refresh" in paths) is bool(chosen)
    for method, route in ROUTES.items():
        assert (route in paths) is (method in chosen), method
    by_address = bool(chosen & {"magic_link", "passkey"})
    assert found["statuses"][SIGN_UP] == (202 if by_address else 404)
    for name, (path, _, status) in WAYS_IN.items():
        method = name.partition("/")[0]
        there = method in chosen or (method == "" and bool(chosen))
        # Without the route, the page itself is looked for at this address.
        assert found["statuses"][path] == (status if there else 404), name
    if chosen:
        assert found["schema"] == whole_schema


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("chosen", CHOICES, ids=called)
def test_any_choice_leaves_no_trace_of_the_other_methods(
    chosen: set[str], frontend: str, render: Callable[..., Render]
) -> None:
    methods = [method for method in METHODS if method in chosen]
    project = render({"frontend": frontend, "auth": methods})
    files = project.files()
    for where, words in TRACES:
        for method in METHODS:
            found = traces(files, where, words[method])
            if method in chosen:
                assert found != [], (method, where)
            else:
                assert found == [], (method, where)
    if frontend == "react":
        # The backend, which another test starts, does not depend on the page.
        assert project.backend() == render({"frontend": "vue", "auth": methods}).backend()


def started(root: Path, database: Path, starter: "subprocess.Popen[str]") -> dict[str, Any]:
    """The line that calling.py prints for a rendered project."""
    assert starter.stdin is not None
    assert starter.stdout is not None
    bodies = {path: body for path, body, _ in WAYS_IN.values()}
    bodies[SIGN_UP] = {"email": "new@b.org", "name": "Ada"}
    line = json.dumps([str(root), f"sqlite+aiosqlite:///{database}", bodies])
    print(line, file=starter.stdin, flush=True)
    found = json.loads(starter.stdout.readline())
    assert found is not None, "it did not start; the reason is above"
    return found


def traces(files: dict[str, bytes], where: str, words: str) -> list[str]:
    """Files in these places that have these words in them or in their names."""
    return [
        name
        for name, content in files.items()
        if re.match(where, name)
        and Path(name).suffix in READ
        and re.search(words, f"{name}\n{content.decode()}", re.IGNORECASE)
    ]

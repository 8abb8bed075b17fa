"""Every choice of sign-in methods: the backend starts, has its routes, and no trace of others."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pytest

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

TRACES = {
    "password": re.compile(r"argon2|zxcvbn\b|recover_password"),
    "magic_link": re.compile(r"magic.?link|sign_in_link", re.IGNORECASE),
    "totp": re.compile(r"pyotp|segno|second_step_changed|class Totp\b|Totp\(\)"),
    "passkey": re.compile(r"webauthn\b(?!\s+credential)|passkeys_changed|Passkeys\(\)"),
}
"""The files of a method in a backend. The tables are the same in every project."""

SHARED = re.compile(r"duplex/(accounts/tables|migrations)/|duplex_dev/|tests/")

PROGRAM = """
import json
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import alembic, argon2, fastapi, jwt, pydantic_settings, pyotp, redis.asyncio, segno
import sqlalchemy.ext.asyncio, uvicorn, webauthn, zxcvbn

compiled = {}
compile_anew = SourceFileLoader.source_to_code

def compile_once(self, data, path, **more):
    return compiled.get(bytes(data)) or compile_anew(self, data, path, **more)

SourceFileLoader.source_to_code = compile_once

for root in map(str.strip, sys.stdin):
    backend = Path(root) / "backend"
    for file in (*backend.glob("app/**/*.py"), *backend.glob("duplex/**/*.py")):
        data = file.read_bytes()
        if data not in compiled:
            compiled[data] = compile(data, str(file), "exec")
    if os.fork() == 0:
        sys.path.insert(0, str(backend))
        from app.main import application
        from app.settings import Settings
        app = application.create(Settings.given())
        print(json.dumps(sorted(app.openapi()["paths"])), flush=True)
        os._exit(0)
    if os.wait()[1] != 0:
        print("null", flush=True)
"""
"""Prints the paths of the REST API of each project that it reads the folder of. Each is imported in
a fork of this process, which has imported the packages, and has compiled what several have alike.
"""


@pytest.fixture(scope="module")
def starter() -> Iterator["subprocess.Popen[str]"]:
    """The process of the program."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        # Nothing is written into the render, which other tests read.
        env={**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: "-".join(sorted(chosen)) or "none")
def test_any_choice_of_methods_starts_without_files_of_the_others(
    chosen: set[str], render: Callable[..., Render], starter: "subprocess.Popen[str]"
) -> None:
    root = render({"auth": [method for method in METHODS if method in chosen]}).root
    paths = routes(root, starter)
    assert ("/api/v1/auth/refresh" in paths) is bool(chosen)
    for method, route in ROUTES.items():
        assert (route in paths) is (method in chosen), method
        if method not in chosen:
            assert traces(root, TRACES[method]) == [], method
    assert ("/api/v1/auth/sign-up" in paths) is bool(chosen & {"magic_link", "passkey"})


def routes(root: Path, starter: "subprocess.Popen[str]") -> list[str]:
    """The paths of the rendered project's REST API."""
    assert starter.stdin is not None
    assert starter.stdout is not None
    print(root, file=starter.stdin, flush=True)
    paths = json.loads(starter.stdout.readline())
    assert paths is not None, "it did not start; the reason is above"
    return paths


def traces(root: Path, words: re.Pattern[str]) -> list[str]:
    """Files of the backend, and the list of packages, that have these words in them or as names."""
    files = [root / "pyproject.toml", *(root / "backend").rglob("*")]
    names = [file for file in files if file.is_file() and file.suffix in {".py", ".toml", ".txt"}]
    return [
        name
        for file in names
        if not SHARED.search(name := file.relative_to(root).as_posix())
        and (words.search(name) or words.search(file.read_text(encoding="utf-8")))
    ]

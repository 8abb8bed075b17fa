"""Every choice of sign-in methods: the backend starts, has its routes, and no trace of others."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
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
from app.main import application
from app.settings import Settings
app = application.create(Settings.given())
print(json.dumps(sorted(app.openapi()["paths"])))
"""


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: "-".join(sorted(chosen)) or "none")
def test_any_choice_of_methods_starts_without_files_of_the_others(
    chosen: set[str], render: Callable[..., Render]
) -> None:
    root = render({"auth": [method for method in METHODS if method in chosen]}).root
    paths = routes(root)
    assert ("/api/v1/auth/refresh" in paths) is bool(chosen)
    for method, route in ROUTES.items():
        assert (route in paths) is (method in chosen), method
        if method not in chosen:
            assert traces(root, TRACES[method]) == [], method
    assert ("/api/v1/auth/sign-up" in paths) is bool(chosen & {"magic_link", "passkey"})


def routes(root: Path) -> list[str]:
    """The paths of the rendered project's REST API."""
    backend = str(root / "backend")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=root,
        # Nothing is written into the render, which other tests read.
        env={**os.environ, "PYTHONPATH": backend, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


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

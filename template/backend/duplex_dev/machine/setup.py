"""What must be there before a command can do its work; made where it is missing or stale."""

import os
import platform
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from duplex_dev.console import TaskError, say
from duplex_dev.machine import fingerprints, node, python
from duplex_dev.machine.env_file import write_env
from duplex_dev.paths import DIST, FRONTEND, ROOT, shown

LOCK_TIMEOUT = 900.0
"""Seconds to wait for another command's setup: a first npm install on a slow line ends sooner."""

NOT_SOURCES = {"node_modules", "dist", "e2e", "tests", "test-results", "playwright-report"}
"""Folders of frontend/ that the build does not read."""


def prepare() -> None:
    """Make `.env` and install the frontend's packages, where they are missing or stale."""
    with lock():
        make_env()
        install_packages()


@contextmanager
def lock() -> Generator[None]:
    """One setup at a time in this project; a second command waits and then finds it done."""
    guard = FileLock(ROOT / ".setup.lock")
    try:
        guard.acquire(timeout=0)
    except Timeout:
        say("Waiting for the setup of another command …")
        try:
            guard.acquire(timeout=LOCK_TIMEOUT)
        except Timeout:
            raise TaskError(
                "Another command has been setting up this project for 15 minutes."
                " End it and try again."
            ) from None
    try:
        yield
    finally:
        guard.release()


def make_env() -> None:
    """Make `.env` with a random secret unless it is there."""
    if write_env(ROOT / ".env.example", ROOT / ".env"):
        say("Made .env with a random SECRET_KEY")


def install_packages() -> None:
    """npm install in frontend/ when package.json or the lock file changed."""
    fingerprint = _packages()
    if fingerprints.is_fresh("install", fingerprint):
        return
    locked = (FRONTEND / "package-lock.json").is_file()
    verb = "ci" if locked and os.environ.get("CI") else "install"
    say(f"Installing the frontend's packages (npm {verb}) …")
    fingerprints.clear("install")
    quiet = ("--no-audit", "--no-fund", "--no-progress", "--loglevel=error")
    if node.run(node.npm(verb, *quiet)) != 0:
        raise TaskError(
            f"npm {verb} in {shown(FRONTEND)} failed; its reason is above. Nothing else was done."
        )
    fingerprints.save("install", _packages())


def build_frontend() -> None:
    """Build frontend/dist when a source or a package changed."""
    with lock():
        sources = (
            file
            for top in FRONTEND.iterdir()
            if top.name not in NOT_SOURCES
            for file in (top.rglob("*") if top.is_dir() else [top])
            if file.is_file()
        )
        fingerprint = fingerprints.fingerprint(sources, FRONTEND, _packages())
        if (DIST / "index.html").is_file() and fingerprints.is_fresh("build", fingerprint):
            return
        say("Building the frontend …")
        fingerprints.clear("build")
        if node.run(node.script("build")) != 0:
            raise TaskError("The frontend's build failed; its reason is above.")
        fingerprints.save("build", fingerprint)


def migrate(environment: Mapping[str, str] | None = None) -> None:
    """Bring the database of the settings to the newest migration."""
    with lock():
        sys.stdout.flush()
        done = subprocess.run(
            python.command("app", "migrate"),
            cwd=ROOT,
            env=python.environment(environment),
            check=False,
        )
        if done.returncode != 0:
            raise TaskError("The database could not be migrated; the reason is above.")


def package_files() -> list[Path]:
    """What the frontend's packages are installed from: package.json, and its lock file if any."""
    package = FRONTEND / "package.json"
    if not package.is_file():
        raise TaskError(f"{shown(package)} is missing.")
    locked = FRONTEND / "package-lock.json"
    return [package, locked] if locked.is_file() else [package]


def _packages() -> str:
    return fingerprints.fingerprint(package_files(), FRONTEND, sys.platform, platform.machine())

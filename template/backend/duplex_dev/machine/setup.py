"""Set-up: creates the files and packages that commands need, if they are missing or stale.

A fingerprint identifies the inputs of a result, which is created again only when they change.
"""

import hashlib
import json
import os
import platform
import secrets
import shutil
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from duplex_dev.console import TaskError, say
from duplex_dev.machine import node, processes
from duplex_dev.machine.warm import WarmPython, run_module
from duplex_dev.project import DIST, FINGERPRINTS, FRONTEND, NODE_MODULES, ROOT, shown

LOCK_TIMEOUT = 900.0
"""Seconds to wait for another command's setup: a first npm install on a slow line ends sooner."""

NOT_SOURCES = {"node_modules", "dist", "e2e", "tests", "test-results", "playwright-report"}
"""Folders of frontend/ that the build does not read."""


def prepare() -> None:
    """Make `.env` and install the frontend's packages, where they are missing or stale.

    Writes nothing when there is nothing to do, so that a read-only project works.
    """
    if (ROOT / ".env").exists() and packages_are_installed():
        return
    with lock():
        make_env()
        install_packages()


@contextmanager
def lock() -> Generator[None]:
    """One set-up at a time in this project; a second command waits and then finds it done."""
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
    except OSError as error:
        raise TaskError(
            f"The project has to be set up, and {ROOT} cannot be written: {error.strerror}."
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
    """npm install in frontend/ unless the packages are those of package.json and the lock file."""
    if packages_are_installed():
        return
    locked = (FRONTEND / "package-lock.json").is_file()
    verb = "ci" if locked and os.environ.get("CI") else "install"
    say(f"Installing the frontend's packages (npm {verb}) …")
    clear_fingerprint("install")
    # TypeScript checks again only what changed, and does not look at the packages for that.
    shutil.rmtree(NODE_MODULES / ".tmp", ignore_errors=True)
    # --include=dev: a user's npm configuration may omit packages for builds and tests.
    options = ("--include=dev", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error")
    if node.run(node.npm(verb, *options)) != 0:
        raise TaskError(f"npm {verb} in {shown(FRONTEND)} failed; its reason is above.")
    missing = missing_packages()
    if missing:
        raise TaskError(f"npm {verb} succeeded but did not install {', '.join(missing)}.")
    save_fingerprint("install", _packages())


def packages_are_installed() -> bool:
    """Whether the packages were installed from the present package.json and lock file."""
    return is_fresh("install", _packages()) and not missing_packages()


def missing_packages() -> list[str]:
    """The packages that package.json names and node_modules has not."""
    package: dict[str, dict[str, str]] = json.loads(
        (FRONTEND / "package.json").read_text(encoding="utf-8")
    )
    names = [*package.get("dependencies", {}), *package.get("devDependencies", {})]
    return [name for name in names if not (NODE_MODULES / name / "package.json").is_file()]


def build_frontend() -> None:
    """Build frontend/dist when a source or a package changed."""
    if _is_built(_build_sources()):
        return
    with lock():
        sources = _build_sources()
        if _is_built(sources):
            return
        say("Building the frontend …")
        clear_fingerprint("build")
        if node.run(node.script("build")) != 0:
            raise TaskError("The frontend's build failed; its reason is above.")
        save_fingerprint("build", sources)


def _is_built(sources: str) -> bool:
    return (DIST / "index.html").is_file() and is_fresh("build", sources)


def _build_sources() -> str:
    """The fingerprint of everything that the build reads."""
    sources = (
        file
        for top in FRONTEND.iterdir()
        if top.name not in NOT_SOURCES
        for file in (top.rglob("*") if top.is_dir() else [top])
        if file.is_file()
    )
    return fingerprint(sources, FRONTEND, _packages())


def migrate() -> None:
    """Bring the database of the settings to the newest migration; several may do so at once."""
    sys.stdout.flush()
    # A command that has imported the engine saves the second of another import.
    python = WarmPython(here="duplex" in sys.modules)
    process = python.fork("migration", _migrate, (), processes.python_environment())
    process.start()
    process.join()
    if process.exitcode != 0:
        raise TaskError("The database could not be migrated; the reason is above.")


def _migrate() -> None:
    os.chdir(ROOT)
    run_module("app", ("migrate",))


def package_files() -> list[Path]:
    """The files that determine the frontend's packages: package.json and its lock file."""
    package = FRONTEND / "package.json"
    if not package.is_file():
        raise TaskError(f"{shown(package)} is missing.")
    locked = FRONTEND / "package-lock.json"
    return [package, locked] if locked.is_file() else [package]


def _packages() -> str:
    return fingerprint(package_files(), FRONTEND, sys.platform, platform.machine())


SECRET_LINE = "SECRET_KEY="


def write_env(example: Path, target: Path) -> bool:
    """Make `target`, readable by its owner alone, unless it exists; returns whether it was made."""
    if target.exists():
        return False
    lines = example.read_text(encoding="utf-8").splitlines()
    if SECRET_LINE not in lines:
        raise TaskError(
            f"{example.name} has no line {SECRET_LINE!r}, which the random secret is added to."
        )
    secret = secrets.token_hex(32)
    filled = [line + secret if line == SECRET_LINE else line for line in lines]
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(target, flags, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(filled) + "\n")
    return True


def fingerprint(files: Iterable[Path], base: Path, *extra: str) -> str:
    """One hash of the files' names (relative to `base`) and contents, and of `extra`."""
    total = hashlib.sha256()
    for text in extra:
        total.update(text.encode() + b"\0")
    for file in sorted(files):
        content = file.read_bytes()
        total.update(f"{file.relative_to(base).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def is_fresh(name: str, current: str) -> bool:
    """Whether the result was made from inputs with this fingerprint."""
    try:
        return (FINGERPRINTS / name).read_text(encoding="utf-8") == current
    except FileNotFoundError:
        return False


def save_fingerprint(name: str, current: str) -> None:
    """Store the fingerprint of the result's inputs."""
    FINGERPRINTS.mkdir(parents=True, exist_ok=True)
    (FINGERPRINTS / name).write_text(current, encoding="utf-8")


def clear_fingerprint(name: str) -> None:
    """Forget it: until the next `save_fingerprint` the result counts as stale."""
    (FINGERPRINTS / name).unlink(missing_ok=True)

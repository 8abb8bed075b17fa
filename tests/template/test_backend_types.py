"""The backends have no type finding. One run of the type checker reads all of them: most of its
time goes into the packages, which it reads once.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.combos import DEEP
from tests.rendering import Render


def test_no_backend_has_a_type_finding(render: Callable[..., Render], tmp_path: Path) -> None:
    roots = [render(combo.answers).root for combo in DEEP]
    wrong = tmp_path / "backend/app/wrong.py"
    wrong.parent.mkdir(parents=True)
    wrong.write_text('number: int = "one"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--project", "together.json"],
        cwd=configured([*roots, tmp_path], tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)["generalDiagnostics"]
    assert [(one["file"], one["rule"]) for one in found] == [
        (str(wrong), "reportAssignmentType")
    ], done.stdout


def configured(roots: list[Path], folder: Path) -> Path:
    """Write a configuration for these projects, of their own settings; returns the folder."""
    project = tomllib.loads((roots[0] / "pyproject.toml").read_text(encoding="utf-8"))
    settings = project["tool"]["basedpyright"]
    folders, extra = settings.pop("include"), settings.pop("extraPaths")
    settings["include"] = [str(root / name) for root in roots for name in folders]
    settings["executionEnvironments"] = [
        {"root": str(root), "extraPaths": [str(root / name) for name in extra]} for root in roots
    ]
    (folder / "together.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder

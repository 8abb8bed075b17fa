"""What the project calls itself. Data only: the package is always `app`."""

import json
import tomllib
from pathlib import Path

from app.settings import ROOT

_DATA: dict[str, str] = json.loads(
    Path(__file__).with_name("project.json").read_text(encoding="utf-8")
)

NAME = _DATA["name"]
DESCRIPTION = _DATA["description"]
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "version"
]

"""Fixtures of the commands' tests."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from duplex_dev.contract import files
from duplex_dev.machine import node

from tests.node import npm_packages
from tools.source import ROOT

FRONTEND = ROOT / "template" / "frontend"
PACKAGE_JSON = ROOT / "template" / "{% if vue %}frontend{% endif %}" / "package.json.jinja"
COMPILERS = ("json-schema-to-typescript", "openapi-typescript", "prettier", "typescript")


@pytest.fixture(scope="session")
def packages() -> Iterator[Path]:
    """A frontend/ with the compilers alone, which the contract is compiled in."""
    text = PACKAGE_JSON.read_text(encoding="utf-8")
    versions = {name: _version(text, name) for name in COMPILERS}
    folder = npm_packages(versions, overrides={"openapi-typescript": {"typescript": "$typescript"}})
    (folder / "scripts").mkdir(exist_ok=True)
    script = folder / "scripts" / files.SCRIPT.name
    shutil.copy2(FRONTEND / "scripts" / script.name, script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "FRONTEND", folder)
        patch.setattr(files, "SCRIPT", script)
        patch.setattr(node, "NODE_MODULES", folder / "node_modules")
        yield folder


def _version(text: str, name: str) -> str:
    found = re.search(rf'"{re.escape(name)}": "([^"]+)"', text)
    assert found, f"{name} is not in package.json"
    return found[1]

"""The release check names imports that a release leaves without what they import."""

from pathlib import Path

import pytest

from tools.imports import unresolved

FILES = {
    "backend/duplex/__init__.py": "from duplex.wire import Model\n\nEntry: type = Model\n",
    "backend/duplex/wire.py": "class Model: ...\n",
    "backend/app/__init__.py": "",
    "backend/app/broken.py": "def broken(:\n",
    "backend/app/states/__init__.py": "",
    "frontend/src/duplex/index.ts": (
        'export * from "./ui";\n'
        'export {\n  one,\n  type Two, // the second\n  a as three,\n} from "./parts";\n'
    ),
    "frontend/src/duplex/ui/index.ts": "export async function show(): Promise<void> {}\n",
    "frontend/src/pages/HomePage.vue": "<template />\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("backend/app/a.py", "from duplex import Entry, Model, wire\n", None),
        ("backend/app/a.py", "from app import states\n", None),
        ("backend/app/a.py", "from app.broken import anything\n", None),
        ("backend/app/a.py", "from duplex import gone\n", "duplex has no gone any more"),
        ("backend/app/a.py", "from app.gone import x\n", "app.gone has no x any more"),
        ("frontend/src/a.ts", 'import { one, type Two, three as c } from "./duplex";\n', None),
        ("frontend/src/a.ts", 'import { show } from "./duplex";\n', None),
        ("frontend/src/a.ts", 'import { CONTRACT } from "./api/generated/contract";\n', None),
        ("frontend/src/a.ts", 'import Home from "./pages/HomePage.vue";\n', None),
        (
            "frontend/src/pages/A.vue",
            'import {\n  one,\n  a,\n} from "../duplex";\n',
            "../duplex exports no a any more",
        ),
        (
            "frontend/tests/a.test.ts",
            'import type { Two } from "../src/gone";\n',
            "../src/gone is not there any more",
        ),
    ],
)
def test_an_import_that_leads_nowhere_is_named(
    project: Path, name: str, text: str, fault: str | None
) -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text(text, encoding="utf-8")
    assert [*unresolved(project)] == ([f"{name}: {fault}"] if fault else [])

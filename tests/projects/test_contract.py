"""The contract holds both sides together: wrong code does not compile, other tools read it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from duplex import Model
from duplex.contract.asyncapi.document import build, text_of

from tests.combos import FULL, Combo
from tests.commands.contract import rare_shapes, shapes
from tests.commands.contract.compiling import registry_of
from tests.node import BIN, npm_folder
from tests.workshop import Project, Workshop

PARSER = ("@asyncapi/parser", "~3.6.3")
"""The official parser of AsyncAPI documents."""

CHECK = Path(__file__).with_name("check_asyncapi.mjs")
WRONG = Path(__file__).with_name("wrong")
CHECKERS = {"vue": "vue-tsc/bin/vue-tsc.js", "react": "typescript/bin/tsc"}
PAGES = {"vue": "Page.vue", "react": "Page.tsx"}

ABOUT = {"title": "Shapes", "version": "1", "description": "Every kind of field."}

PAUSE = """\
from duplex import Session, state


@state("pauseThings")
async def pause_things(session: Session) -> None: ...
"""


class Shared(Model):
    """The document of sessions with the states of `shapes.py`."""


def test_the_official_parser_accepts_the_asyncapi_document(
    workshop: Workshop, deep_combo: Combo, tmp_path: Path
) -> None:
    project = workshop.project(deep_combo)
    documents = [project.root / "docs/asyncapi.json"]
    if deep_combo == FULL:
        documents.append(tmp_path / "shapes.json")
        shapes_of_all_kinds = build(
            registry_of(shapes, rare_shapes), Shared, address="/api/v1/socket", **ABOUT
        )
        documents[-1].write_text(text_of(shapes_of_all_kinds), encoding="utf-8")
    command = [str(BIN / "node"), str(CHECK), str(npm_folder(*PARSER)), *map(str, documents)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for document in documents:
        operations = json.loads(document.read_text(encoding="utf-8"))["operations"]
        assert f"{document}: {len(operations)} operations" in done.stdout


def test_wrong_code_does_not_compile(workshop: Workshop, deep_combo: Combo) -> None:
    """One field renamed and required, one state gone, one new, and pages that are wrong. The types
    were checked before, while the contract was missing: most files that it types do not import it.
    """
    if deep_combo.states != "guide":
        pytest.skip("the wrong code names the default states")
    project = workshop.project(deep_combo)
    copy = workshop.copy(project, "wrong")
    (copy / "frontend/src/api/generated/contract.ts").unlink()
    assert in_the_engine(found(copy / "frontend", deep_combo.frontend))
    states = copy / "backend/app/states"
    changed = states / "start_things.py"
    text = changed.read_text(encoding="utf-8")
    declared = 'text: str = Field(default="", max_length=500)'
    assert declared in text
    changed.write_text(text.replace(declared, "words: str").replace("data.text", "data.words"))
    (states / "something_happened.py").unlink()
    (states / "pause_things.py").write_text(PAUSE)
    inside(project, copy, "-m", "duplex_dev", "contract")

    source = copy / "frontend/src"
    (source / "wrong").mkdir()
    pages = ["requests.ts", "watchers.ts", PAGES[deep_combo.frontend]]
    for page in pages:
        shutil.copy(WRONG / page, source / "wrong")
    errors = found(copy / "frontend", deep_combo.frontend)
    assert not in_the_engine(errors)
    wrong = {error for error in errors if error[0].startswith("src/wrong/")}
    assert wrong == {error for page in pages for error in marked(source / "wrong" / page)}
    # The project's own watchers, which knew the field and the state that are gone.
    own = source / "states"
    request = line_of(own / "startThings.ts", "  request:")
    last = line_of(own / "somethingHappened.ts", "} satisfies")
    assert {
        ("src/states/startThings.ts", request, "TS2353"),
        ("src/states/somethingHappened.ts", last, "TS2344"),
    } <= errors


def inside(project: Project, folder: Path, *arguments: str) -> str:
    """Run the project's Python on the backend in this folder; what it printed."""
    done = subprocess.run(
        [str(project.root / ".venv/bin/python"), *arguments],
        cwd=folder,
        env=project.environment | {"PYTHONPATH": str(folder / "backend")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def found(frontend: Path, name: str) -> set[tuple[str, int, str]]:
    """Each error that the frontend's own type checker finds in the page: file, line and code."""
    checker = str(frontend / "node_modules" / CHECKERS[name])
    options = ["--build", "tsconfig.app.json", "--pretty", "false"]
    done = subprocess.run(
        [str(BIN / "node"), checker, *options],
        cwd=frontend,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = re.findall(r"^(\S+?)\((\d+),\d+\): error (TS\d+)", done.stdout, re.MULTILINE)
    return {(file, int(line), code) for file, line, code in errors}


def in_the_engine(errors: set[tuple[str, int, str]]) -> set[tuple[str, int, str]]:
    """Those in files that the application types from outside."""
    return {error for error in errors if error[0].startswith("src/duplex/")}


def marked(file: Path) -> set[tuple[str, int, str]]:
    """The errors that the lines of a file announce."""
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
    announced = ((number, re.search(r"\berror (TS\d+)", line)) for number, line in lines)
    return {(f"src/wrong/{file.name}", number, code[1]) for number, code in announced if code}


def line_of(file: Path, start: str) -> int:
    """The number of the one line that starts so."""
    lines = file.read_text(encoding="utf-8").splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if line.startswith(start)]
    return number

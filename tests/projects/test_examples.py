"""The page's code in the documents of examples.py compiles in a project with their states."""

import pytest

from tests.combos import FULL, Combo
from tests.commands.contract.examples import examples
from tests.projects.test_contract import found, inside
from tests.workshop import Workshop

INDEX = """\
import type {{ Watchers }} from "../duplex";
{imports}
export const watchers = {{ {names} }} satisfies Watchers;

declare module "../duplex" {{
  interface Register {{
    watchers: typeof watchers;
  }}
}}
"""


def test_the_typescript_of_the_document_compiles(workshop: Workshop, deep_combo: Combo) -> None:
    if deep_combo != FULL:
        pytest.skip("the text is the same in every project")
    project = workshop.project(deep_combo)
    copy = workshop.copy(project, "examples")
    for state in (copy / "backend/app/states").glob("[a-z]*.py"):
        state.unlink()
    for watcher in (copy / "frontend/src/states").glob("*.ts"):
        watcher.unlink()
    for example in [*examples("python"), *examples("ts")]:
        file = copy / example.path
        # A copy has no tests; the text has one.
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(example.code, encoding="utf-8")
    # The text leaves the page's side of this state to its reader.
    (copy / "backend/app/states/ring_bell.py").unlink()
    watchers = sorted(file.stem for file in (copy / "frontend/src/states").glob("*.ts"))
    imports = "".join(f'import {{ {name} }} from "./{name}";\n' for name in watchers)
    index = INDEX.format(imports=imports, names=", ".join(watchers))
    (copy / "frontend/src/states/index.ts").write_text(index, encoding="utf-8")
    inside(project, copy, "-m", "duplex_dev", "contract")
    files = {path.removeprefix("frontend/") for path in (e.path for e in examples("ts"))}
    errors = found(copy / "frontend", deep_combo.frontend)
    assert {error for error in errors if error[0] in {*files, "src/states/index.ts"}} == set()

"""The import graph of the engine and its commands: no circles, layers, and public modules."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tools.source import ROOT

BACKEND = ROOT / "template/backend"
ENGINE = BACKEND / "duplex"
COMMANDS = BACKEND / "duplex_dev"

LAYERS = [
    {"options", "identity", "tasks"},
    {"wire"},
    {"brokers", "socket"},
    {"requests"},
    {"rooms"},
    {"contract", "settings"},
    {"web"},
    {"mail"},
    {"accounts"},
    {"migrations"},
    {"server"},
    {"__init__"},
]
"""The top-level modules and folders of `duplex`, the lowest first. Those of one layer do not import
each other.
"""

DOORS = {"duplex", "duplex.accounts", "duplex.mail"}
"""The modules that an application may import: docs/decisions/0011-zones-and-doors.md."""


@cache
def modules(folder: Path) -> Mapping[str, ast.Module]:
    """The syntax trees of all modules below a folder of the backend, by their dotted names."""
    found: dict[str, ast.Module] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(BACKEND).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imported(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Every module that is imported anywhere in a tree, also inside functions and
    `if TYPE_CHECKING`, and the names that are taken from it.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or "", [alias.name for alias in node.names]


@cache
def graph() -> Mapping[str, set[str]]:
    """The modules of `duplex` and `duplex_dev` that each of their modules imports."""
    trees = {**modules(ENGINE), **modules(COMMANDS)}
    found: dict[str, set[str]] = {name: set() for name in trees}
    for name, tree in trees.items():
        for module, taken in imported(tree):
            if module.split(".")[0] in ("duplex", "duplex_dev"):
                inside = {f"{module}.{each}" for each in taken} & trees.keys()
                found[name] |= inside or {module}
    return found


def part(module: str, package: str) -> str | None:
    """The module or folder directly inside a package that a module belongs to; `__init__` for the
    package's own; None outside of it.
    """
    if module == package:
        return "__init__"
    if not module.startswith(f"{package}."):
        return None
    return module.removeprefix(f"{package}.").split(".")[0]


def parts_graph(package: str) -> dict[str, set[str]]:
    """Which modules and folders of a package import each other, each folder as one."""
    found: dict[str, set[str]] = {}
    for module, targets in graph().items():
        if (importing := part(module, package)) is not None:
            inside = {part(target, package) for target in targets}
            found.setdefault(importing, set()).update(
                name for name in inside if name not in (None, importing)
            )
    return found


def fail_on_circles(imports: Mapping[str, set[str]], where: str) -> None:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(f"{where}: {' is imported by '.join(error.args[1])}")


def test_no_module_imports_itself_through_others() -> None:
    fail_on_circles(graph(), "modules")


def test_no_folder_imports_itself_through_others() -> None:
    """At every level: among the folders and the modules beside them in one folder."""
    packages = {module.rpartition(".")[0] for module in graph()} - {""}
    assert {"duplex", "duplex.accounts", "duplex_dev.testing"} <= packages
    for package in packages:
        fail_on_circles(parts_graph(package), package)


def test_a_layer_imports_only_layers_below_it() -> None:
    order = {name: number for number, names in enumerate(LAYERS) for name in names}
    imports = parts_graph("duplex")
    unknown = imports.keys() - order.keys()
    assert not unknown, f"put {unknown} into LAYERS"
    wrong = [
        f"{name} imports {target}"
        for name, targets in imports.items()
        for target in targets
        if order[name] <= order[target]
    ]
    assert wrong == []


def test_the_engine_imports_neither_the_application_nor_the_commands() -> None:
    wrong = [
        f"{name} imports {module}"
        for name, tree in modules(ENGINE).items()
        for module, _ in imported(tree)
        if module.split(".")[0] in ("app", "duplex_dev", "tests")
    ]
    assert wrong == []


def test_the_application_imports_only_public_modules() -> None:
    trees = {**modules(BACKEND / "app"), **scaffolds()}
    wrong = [
        f"{name} imports {module}"
        for name, tree in trees.items()
        for module, _ in imported(tree)
        if module.split(".")[0] == "duplex_dev"
        or (module.split(".")[0] == "duplex" and not is_door(module))
    ]
    assert wrong == []


def is_door(module: str) -> bool:
    return module in DOORS or module.startswith("duplex.accounts.methods.")


def scaffolds() -> dict[str, ast.Module]:
    """The import lines of the application's files that are rendered from the answers."""
    return {
        path.name: ast.parse("\n".join(_import_lines(path)))
        for path in (BACKEND / "app").rglob("*.py.jinja")
    }


def _import_lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(("import duplex", "from duplex")):
            line = re.sub(r"\{\{.*?\}\}", "x", line)
            yield line.rstrip("(").rstrip() + (" x" if line.endswith("(") else "")


def test_a_public_module_lists_all_its_names() -> None:
    for name in DOORS & modules(ENGINE).keys():
        tree = modules(ENGINE)[name]
        offered = {
            constant.value
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            for constant in ast.walk(node.value)
            if isinstance(constant, ast.Constant)
        }
        taken = {each for _, names in imported(tree) for each in names}
        defined = {
            node.name
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert offered <= taken | defined, name
        assert offered, name


def test_nothing_in_the_engine_is_rendered_from_answers() -> None:
    for folder in (ENGINE, COMMANDS):
        assert list(folder.rglob("*.jinja")) == []


def test_a_folder_of_the_engine_has_at_most_fifteen_modules() -> None:
    """Beside its `__init__`, which is in every folder."""
    for folder in {path.parent for root in (ENGINE, COMMANDS) for path in root.rglob("*.py")}:
        assert len({path.stem for path in folder.glob("*.py")} - {"__init__"}) <= 15, folder

"""The import graph of the engine: no circles, layers, and public modules."""

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
    """The modules of the engine that each of its modules imports."""
    trees = modules(ENGINE)
    found: dict[str, set[str]] = {name: set() for name in trees}
    for name, tree in trees.items():
        for module, taken in imported(tree):
            if module.split(".")[0] == "duplex":
                inside = {f"{module}.{each}" for each in taken} & trees.keys()
                found[name] |= inside or {module}
    return found


def layer(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_no_module_imports_itself_through_others() -> None:
    try:
        list(TopologicalSorter(graph()).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


def test_no_folder_imports_itself_through_others() -> None:
    folders: dict[str, set[str]] = {}
    for module, targets in graph().items():
        folders.setdefault(layer(module), set()).update(
            {layer(target) for target in targets} - {layer(module)}
        )
    list(TopologicalSorter(folders).static_order())


def test_a_layer_imports_only_layers_below_it() -> None:
    order = {name: number for number, names in enumerate(LAYERS) for name in names}
    unknown = {layer(module) for module in graph()} - order.keys()
    assert not unknown, f"put {unknown} into LAYERS"
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph().items()
        for target in targets
        if layer(module) != layer(target) and order[layer(module)] <= order[layer(target)]
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
    for folder in (ENGINE, BACKEND / "duplex_dev"):
        assert list(folder.rglob("*.jinja")) == []


def test_a_folder_of_the_engine_has_at_most_fifteen_modules() -> None:
    for folder in {path.parent for path in ENGINE.rglob("*.py")}:
        assert len(list(folder.glob("*.py"))) <= 16, folder

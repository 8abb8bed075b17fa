"""Imports of a project's own files that nothing provides: what a release must not take away.

Only names are compared, in files as they are written; the compilers are run by `poe test`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PYTHON = ("backend/app", "backend/tests", "backend/migrations")
TYPESCRIPT = ("frontend/src", "frontend/tests", "frontend/e2e")
ENGINE = "frontend/src/duplex/"
GENERATED = "frontend/src/api/generated/"
"""Written by commands, which have not run yet."""

IMPORT = re.compile(
    r"""^(?:import|export)\s+(?:type\s+)?(?:\w+,\s*)?(?:\{(?P<names>[^}]*)\}|\*\s+as\s+\w+|\w+)\s+"""
    r"""from\s+["'](?P<place>\.[^"']*)["']""",
    re.MULTILINE,
)
DECLARED = re.compile(
    r"^export\s+(?:declare\s+|abstract\s+|async\s+)*"
    r"(?:const|let|function\*?|class|interface|type|enum)\s+(\w+)",
    re.MULTILINE,
)
LISTED = re.compile(r"^export\s+(?:type\s+)?\{([^}]*)\}", re.MULTILINE)
ALL_OF = re.compile(r"""^export\s+(?:type\s+)?\*\s+from\s+["']([^"']+)["']""", re.MULTILINE)


def unresolved(project: Path) -> Iterator[str]:
    """`path: fault` of each import in the team's and the merged files that leads nowhere."""
    for folder in PYTHON:
        for file in sorted((project / folder).rglob("*.py")):
            yield from _faults_of_python(project, file)
    for folder in TYPESCRIPT:
        for file in sorted((project / folder).rglob("*")):
            name = file.relative_to(project).as_posix()
            if file.suffix in {".ts", ".tsx", ".vue"} and not name.startswith((ENGINE, GENERATED)):
                yield from _faults_of_typescript(project, file)


def _faults_of_python(project: Path, file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError:
        return  # a fault of its own
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.level or node.module is None:
            continue
        if node.module.partition(".")[0] not in {"app", "duplex", "duplex_dev"}:
            continue
        place = project / "backend" / node.module.replace(".", "/")
        known = _names_of_python(place)
        for name in (alias.name for alias in node.names):
            inside = (place / name).is_dir() or (place / f"{name}.py").is_file()
            if not inside and (known is None or not {name, "*"} & known):
                yield (
                    f"{file.relative_to(project).as_posix()}: {node.module} has no {name} any more"
                )


def _names_of_python(place: Path) -> set[str] | None:
    """The names that a module defines or imports. None: there is no module; `*`: any name."""
    package, module = place / "__init__.py", place.with_suffix(".py")
    found = package if package.is_file() else module
    if not found.is_file():
        return set() if place.is_dir() else None
    try:
        tree = ast.parse(found.read_text(encoding="utf-8"))
    except SyntaxError:
        return {"*"}
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _faults_of_typescript(project: Path, file: Path) -> Iterator[str]:
    here = file.relative_to(project).as_posix()
    for found in IMPORT.finditer(file.read_text(encoding="utf-8")):
        place = (file.parent / found["place"]).resolve()
        if place.is_relative_to(project.resolve() / GENERATED.rstrip("/")):
            continue
        module = _module(place)
        if module is None:
            yield f"{here}: {found['place']} is not there any more"
        elif module.suffix in {".ts", ".tsx"}:
            exported = _names_of_typescript(module)
            for name in _listed(found["names"] or ""):
                if not {name, "*"} & exported:
                    yield f"{here}: {found['place']} exports no {name} any more"


def _module(place: Path) -> Path | None:
    names = (place.name, f"{place.name}.ts", f"{place.name}.tsx")
    candidates = [*(place.with_name(name) for name in names), place / "index.ts"]
    return next((one for one in candidates if one.is_file()), None)


def _listed(text: str, *, outside: bool = False) -> list[str]:
    """The names in `{ a, type B, c as d }`; `outside`: those that importers see."""
    words = [part.split() for part in re.sub(r"//.*", "", text).split(",") if part.strip()]
    return [part[-1] if outside else next(one for one in part if one != "type") for part in words]


def _names_of_typescript(module: Path) -> set[str]:
    text = module.read_text(encoding="utf-8")
    names = {*DECLARED.findall(text)}
    for listed in LISTED.findall(text):
        names |= {*_listed(listed, outside=True)}
    if re.search(r"^export default\b", text, re.MULTILINE):
        names.add("default")
    for place in ALL_OF.findall(text):
        other = _module((module.parent / place).resolve())
        names |= _names_of_typescript(other) if other is not None else {"*"}
    return names

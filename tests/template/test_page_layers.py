"""The imports of a page's source have no circle, and each folder imports only from lower ones."""

import re
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import PurePosixPath
from posixpath import normpath

from tests.combos import ALL
from tests.rendering import Render
from tools.source import ROOT

LAYERS = ("duplex", "api", "auth", "stores", "states", "components", "pages")
"""Each may import from those before it. The files next to the folders may import from all."""

SOURCE = PurePosixPath("frontend/src")
IMPORTED = re.compile(r"""\b(?:from|import) ?\(?["'](\.[^"']+)["']""")


def layer_of(path: PurePosixPath) -> str | None:
    """The folder below `frontend/src`; None for a file beside the folders and outside of it."""
    if not path.is_relative_to(SOURCE):
        return None
    first = path.relative_to(SOURCE).parts[0]
    return first if first in LAYERS else None


ENGINE = SOURCE / "duplex"
ENTRIES = {"index.ts", "forms.ts", "testing.ts"}
"""The files of the page's engine that other folders import: they may import from all its layers."""


def engine_layers() -> list[str]:
    """The layers of the page's engine, the lowest first, from the table in its README."""
    readme = (ROOT / "template" / ENGINE / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([\w.]+?)/?` +\|", readme, re.MULTILINE)


COMBOS = [one for one in ALL if one.auth == "every" or one.states == "single"]
"""Every page of both frontends: with all that sign-in has, and without the example."""


def test_a_folder_imports_only_lower_ones(render: Callable[..., Render]) -> None:
    upward: set[str] = set()
    folders: set[str] = set()
    for combo in COMBOS:
        for name, content in render(combo.answers).files().items():
            path = PurePosixPath(name)
            layer = layer_of(path)
            if layer is None or path.suffix not in {".ts", ".tsx", ".vue"}:
                continue
            folders.add(layer)
            for place in IMPORTED.findall(content.decode()):
                other = layer_of(PurePosixPath(normpath(path.parent / place)))
                if other is not None and LAYERS.index(other) > LAYERS.index(layer):
                    upward.add(f"{name}: {place}")
    assert upward == set()
    assert folders == set(LAYERS)


def test_a_layer_of_the_engine_imports_only_lower_ones(render: Callable[..., Render]) -> None:
    order = {name: number for number, name in enumerate(engine_layers())}
    upward: set[str] = set()
    seen: set[str] = set()
    for combo in COMBOS:
        files = render(combo.answers).files()
        for path in map(PurePosixPath, files):
            if not path.is_relative_to(ENGINE) or path.suffix not in {".ts", ".tsx", ".vue"}:
                continue
            layer = path.relative_to(ENGINE).parts[0]
            seen.add(layer)
            if layer in ENTRIES:
                continue
            for place in IMPORTED.findall(files[str(path)].decode()):
                target = PurePosixPath(normpath(path.parent / place)).relative_to(ENGINE)
                other = target.parts[0] if target.parts[0] in order else f"{target}.ts"
                if order.get(other, len(order)) > order[layer]:
                    upward.add(f"{path}: {place}")
    assert upward == set()
    assert seen == ENTRIES | order.keys()


def test_every_folder_has_its_layer(render: Callable[..., Render]) -> None:
    inside = (
        path.relative_to(SOURCE).parts
        for combo in COMBOS
        for path in map(PurePosixPath, render(combo.answers).files())
        if path.is_relative_to(SOURCE)
    )
    assert {parts[0] for parts in inside if len(parts) > 1} == set(LAYERS)


SUFFIXES = ("", ".ts", ".tsx", ".vue", "/index.ts")
"""The endings of file names that an import may omit."""


def test_no_files_import_each_other(render: Callable[..., Render]) -> None:
    """Counting types, and modules that are loaded on demand."""
    for combo in COMBOS:
        files = render(combo.answers).files()
        graph: dict[str, set[str]] = {}
        for name, content in files.items():
            folder = PurePosixPath(name).parent
            if folder.is_relative_to(SOURCE):
                places = [normpath(folder / one) for one in IMPORTED.findall(content.decode())]
                graph[name] = {f"{one}{end}" for one in places for end in SUFFIXES} & {*files}
        assert sum(map(len, graph.values())) > 100
        # Raises CycleError, with the files of the circle.
        TopologicalSorter(graph).prepare()

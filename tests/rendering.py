"""Rendering for the tests: one call, one folder, each set of answers once."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from copier import run_copy
from copier._main import Worker
from jinja2 import Environment

from tests.combos import Answers


def _nothing(*_: object) -> None:
    pass


@contextmanager
def quick_copier() -> Generator[None]:
    """What Copier does for every file of every render, done once or not at all.

    It compiles each part of each path anew; all of its environments have the template's one
    configuration, so they can share the code. And it asks git whether modes of files are
    followed, which they are wherever the suite runs.
    """
    compile_anew: Callable[..., Any] = Environment.compile  # pyright: ignore[reportUnknownMemberType]
    known: dict[tuple[object, ...], CodeType] = {}

    def compile_once(
        self: Environment, source: Any, name: str | None = None, *rest: Any, **more: Any
    ) -> Any:
        if not isinstance(source, str):
            return compile_anew(self, source, name, *rest, **more)
        key = (source, name, rest, *sorted(more.items()))
        if key in known:
            # Copier's extension forgets the `yield` of the part before in this hook.
            self.preprocess(source, name)
        else:
            known[key] = compile_anew(self, source, name, *rest, **more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        patch.setattr(Worker, "_sync_git_index_executable_bit", _nothing)
        yield


@dataclass(frozen=True)
class Render:
    """A finished render. It is shared between tests: copy it before changing anything."""

    root: Path

    def files(self) -> dict[str, bytes]:
        """Every file's content by its path with slashes, relative to the root."""
        return {
            file.relative_to(self.root).as_posix(): file.read_bytes()
            for file in sorted(self.root.rglob("*"))
            if file.is_file()
        }


@dataclass
class Renderer:
    """Renders `source` into numbered folders of `target`."""

    source: Path
    target: Path
    done: dict[str, Render] = field(default_factory=dict[str, Render])

    def render(self, answers: Answers | None = None) -> Render:
        """The render of these answers and the defaults of all others."""
        key = json.dumps(answers or {}, sort_keys=True)
        if key not in self.done:
            root = self.target / f"render{len(self.done):03d}"
            run_copy(str(self.source), root, data=answers or {}, defaults=True, quiet=True)
            self.done[key] = Render(root)
        return self.done[key]

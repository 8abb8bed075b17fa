"""Rendering for the tests: one call, one folder, each set of answers once."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from copier import run_copy

from tests.combos import Answers


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

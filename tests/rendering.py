"""Rendering for the tests: one call, one folder, each set of answers once."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from copier import _vcs, run_copy  # pyright: ignore[reportPrivateUsage]
from copier._main import Worker
from jinja2 import Environment

from tests.combos import Answers


def _nothing(*_: object) -> None:
    pass


class GitWithoutSubmodules:
    """Copier's git. It does nothing with the submodules of a repository that has none."""

    def __init__(self, git: Any) -> None:
        self._git = git

    def __call__(self, *arguments: str) -> str:
        if arguments[0] == "submodule" and not Path(".gitmodules").exists():
            return ""
        return self._git(*arguments)

    def __getitem__(self, arguments: Any) -> Any:
        return self._git[arguments]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._git, name)


@contextmanager
def quick_copier() -> Generator[None]:
    """Avoids work that Copier repeats for every file of every render.

    Copier renders each part of each path again, and the name of the file of answers for each of
    them, and first makes all variables for it: text without template syntax renders as itself. All
    of its environments have the same configuration, so they can share the code of templates. It
    also asks git whether file modes are tracked, which they are where the suite runs, and updates
    the submodules of each clone with a shell script, where most templates have none.
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

    render_anew: Callable[..., str] = Worker._render_string  # pyright: ignore[reportPrivateUsage]

    def render_string(
        self: Worker, string: str, extra_context: dict[str, Any] | None = None
    ) -> str:
        if "{" in string or "\n" in string:
            return render_anew(self, string, extra_context)
        self.jinja_env.preprocess(string)
        return string

    answers_anew = Worker.answers_relpath.fget
    assert answers_anew is not None

    def answers_relpath(self: Worker) -> Path:
        path = str(self.answers_file or self.template.answers_relpath)
        if "{" in path:
            return answers_anew(self)
        self.jinja_env.preprocess(path)
        return Path(path)

    git_anew = _vcs.get_git

    def get_git(folder: Path | str | None = None) -> GitWithoutSubmodules:
        return GitWithoutSubmodules(git_anew(folder))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_vcs, "get_git", get_git)
        patch.setattr(Environment, "compile", compile_once)
        patch.setattr(Worker, "answers_relpath", property(answers_relpath))
        patch.setattr(Worker, "_render_string", render_string)
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

    def backend(self) -> dict[str, bytes]:
        """The files of the backend, as `files` gives them."""
        return {name: text for name, text in self.files().items() if name.startswith("backend/")}


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """This folder of all workers: the first one that needs it makes it, the others wait."""
    finished = folder.with_name(f"{folder.name}.finished")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            # A worker that failed half way may have left something.
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            finished.touch()
    return folder


@dataclass(frozen=True)
class Renderer:
    """Renders `source` into folders of `target`, which all workers share."""

    source: Path
    target: Path

    def render(self, answers: Answers | None = None) -> Render:
        """The render of these answers and the defaults of all others."""
        key = json.dumps(answers or {}, sort_keys=True)

        def make(folder: Path) -> None:
            run_copy(str(self.source), folder, data=answers or {}, defaults=True, quiet=True)

        name = f"render-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        return Render(made_once(self.target / name, make))

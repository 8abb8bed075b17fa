"""The answers that the project was rendered with, and what a new list of states changes in the
team's own files.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from duplex_dev.console import TaskError
from duplex_dev.machine import git

ANSWERS = ".copier-answers.yml"

Answers = dict[str, Any]


def read_answers(file: Path) -> Answers:
    """Read the answers. Raises TaskError when they do not name the template."""
    try:
        read: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TaskError(f"{file.name} is missing. It names the template and its version.") from None
    except yaml.YAMLError as error:
        raise TaskError(f"{file.name} is not valid YAML: {error}") from None
    answers = cast("Answers", read) if isinstance(read, dict) else Answers()
    if not isinstance(answers.get("states"), list):
        raise TaskError(f"{file.name} has no list `states`; it must not be edited by hand.")
    if not answers.get("_commit") or not answers.get("_src_path"):
        raise TaskError(
            f"{file.name} does not name the template's version: the project was rendered from a"
            " folder that is not a git repository. Render it from a repository, at a tag."
        )
    return answers


def with_states(states: Iterable[str], names: Iterable[str]) -> list[str]:
    """The states with the new names at the end. Raises TaskError for a name that is taken."""
    old, new = list(states), list[str]()
    for name in names:
        if name in old:
            raise TaskError(f"{name!r} is a state of this project already. Nothing was changed.")
        if name in new:
            raise TaskError(f"{name!r} was given twice. Nothing was changed.")
        new.append(name)
    return [*old, *new]


INDEX = "frontend/src/states/index.ts"
"""Lists the watchers: one import and one line for each state."""

TEAM = ("backend/app", "backend/tests", "frontend/src", "frontend/tests", "frontend/e2e")
NOT_TEAM = ("frontend/src/duplex/", "frontend/src/api/generated/")


def snake(name: str) -> str:
    """`startThings` as `start_things`, exactly as the template does it."""
    apart = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", apart).lower()


@dataclass(frozen=True)
class StateChange:
    """States that are added, renamed or removed, and the answers afterwards."""

    answers: Answers
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])

    def data(self) -> Mapping[str, object]:
        """The answers to give to Copier: every list that names states."""
        return {
            question: self._changed(self.answers[question])
            for question in ("states", "closing_states", "example_states")
            if isinstance(self.answers.get(question), list)
        } | {"states": with_states(self._changed(self.answers["states"]), self.added)}

    def _changed(self, names: Iterable[str]) -> list[str]:
        return [self.renamed.get(name, name) for name in names if name not in self.removed]

    def path_after(self, path: str) -> str:
        """Where a module of a renamed state is afterwards; every other path stays."""
        folder, _, name = path.rpartition("/")
        for old, new in self.renamed.items():
            words = {snake(old): snake(new), old: new, f"test_{snake(old)}": f"test_{snake(new)}"}
            stem, dot, suffix = name.partition(".")
            if stem in words:
                return f"{folder}/{words[stem]}{dot}{suffix}"
        return path

    def renamed_in(self, text: str) -> str:
        """The text of a state's module with the new name.

        A name of one word, such as `save`, is also an ordinary word: only the places where it
        certainly names the state are changed.
        """
        for old, new in self.renamed.items():
            pascal = (old[:1].upper() + old[1:], new[:1].upper() + new[1:])
            text = re.sub(rf"\b{pascal[0]}(?=Re(quest|sponse)\b)", pascal[1], text)
            text = re.sub(rf"([\"'`]){old}\1", rf"\1{new}\1", text)
            for before, after in ((old, new), (snake(old), snake(new))):
                text = re.sub(rf"\b(def|const|import|states[./]){before}\b", rf"\1{after}", text)
                text = re.sub(rf"\b(def|const|import) {before}\b", rf"\1 {after}", text)
                if snake(old) != old:
                    text = re.sub(rf"\b{before}\b", after, text)
        return text

    def rewired(self, text: str) -> str | None:
        """The team's list of watchers with this change; None when it is not in the usual form."""
        lines = text.split("\n")
        for name in (*self.removed, *self.renamed):
            new = self.renamed.get(name)
            for line, replaced in (
                (_import(name), _import(str(new))),
                (f"  {name},", f"  {new},"),
            ):
                if line not in lines:
                    return None
                at = lines.index(line)
                lines[at : at + 1] = [replaced] if new else []
        for name in self.added:
            imports = [at for at, line in enumerate(lines) if re.match(r'import .* "\./', line)]
            ends = [at for at, line in enumerate(lines) if line.startswith("} satisfies Watchers")]
            if not imports or not ends:
                return None
            lines.insert(ends[0], f"  {name},")
            lines.insert(imports[-1] + 1, _import(name))
        return "\n".join(lines)


def _import(name: str) -> str:
    return f'import {{ {name} }} from "./{name}";'


def must_be_states(answers: Answers, names: Iterable[str]) -> None:
    """Raise TaskError for a name that is not a state of the project."""
    for name in names:
        if name not in answers["states"]:
            known = ", ".join(answers["states"])
            raise TaskError(
                f"{name!r} is not a state of this project ({known}). Nothing was changed."
            )


def mentions(root: Path, names: Iterable[str]) -> list[str]:
    """`path:line` of the team's code that still names a state."""
    found: list[str] = []
    for name in names:
        pascal = name[:1].upper() + name[1:]
        pattern = (
            rf"[\"'`]{name}[\"'`]|states[./]({name}|{snake(name)})([^A-Za-z0-9_]|$)"
            rf"|(^|[^A-Za-z0-9_]){pascal}Re(quest|sponse)([^A-Za-z0-9_]|$)"
        )
        command = ("grep", "--untracked", "--line-number", "-I", "-z", "-E", pattern, "--", *TEAM)
        try:
            lines = git.git(root, *command).decode(errors="replace").split("\n")
        except git.GitError:  # nothing was found
            continue
        for line in lines:
            path, _, rest = line.partition("\0")
            if path and not path.startswith(NOT_TEAM):
                found.append(f"{path}:{rest.partition(chr(0))[0]}")
    return sorted(set(found))

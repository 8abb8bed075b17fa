"""The answers that this project was rendered with: `.copier-answers.yml`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import yaml

from duplex_dev.console import TaskError

ANSWERS = ".copier-answers.yml"

Answers = dict[str, Any]


def read_answers(file: Path) -> Answers:
    """Read the answers. Raises TaskError when the template cannot be told from them."""
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

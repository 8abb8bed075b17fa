"""Applies the chapters of a rendered project's docs/product/ to the project, block by block.

The word after a block's language is its kind: `file=PATH` contains a whole file, `diff` with
`file=PATH` changes a file, `run` lists commands to run, `copy` creates the project. Other blocks
are ignored.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.combos import Answers

COPY = re.compile(r"^```sh copy\n(.*?)^cd ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w+) (run|file=(\S+))\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block of a document. `path` is None for a command."""

    language: str
    path: str | None
    text: str

    @property
    def command(self) -> list[str]:
        """The arguments of a command."""
        return shlex.split(self.text)


def read_chapters(root: Path) -> str:
    """The chapters of a project in their order, the index first."""
    folder = root / "docs" / "product"
    chapters = [folder / "README.md", *sorted(folder.glob("[0-9]-*.md"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in chapters)


def answers_of(document: str) -> Answers:
    """The answers in the `copier copy` command of the chapters."""
    copy = COPY.search(document)
    assert copy is not None
    words = shlex.split(copy[1])
    given = [words[place + 1] for place, word in enumerate(words) if word == "-d"]
    return {name: yaml.safe_load(value) for name, value in (each.split("=", 1) for each in given)}


def blocks(document: str) -> Iterator[Block]:
    """The blocks that change something, in order; each command of a block on its own."""
    for language, kind, path, text in BLOCK.findall(document):
        if kind == "run":
            yield from (Block(language, None, line) for line in text.splitlines() if line)
        else:
            yield Block(language, path, text)


def write(block: Block, root: Path) -> None:
    """Write or change the block's file."""
    assert block.path is not None
    file = root / block.path
    if block.language == "diff":
        file.write_text(changed(file.read_text(encoding="utf-8"), block.text), encoding="utf-8")
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.text, encoding="utf-8")


def changed(text: str, difference: str) -> str:
    """The text after the hunks of a diff without line numbers, which `@@` lines separate."""
    for hunk in re.split(r"^@@.*\n", difference, flags=re.MULTILINE):
        lines = [line or " " for line in hunk.splitlines()]
        before = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
        after = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
        assert text.count(before) == 1, f"not there, or more than once:\n{before}"
        text = text.replace(before, after)
    return text

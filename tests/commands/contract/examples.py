"""The blocks of code in docs/websockets.md and docs/streams-and-events.md."""

import re
from dataclasses import dataclass

from tools.source import ROOT

DOCS = ROOT / "template" / "docs"
TEXT = "\n".join(
    (DOCS / name).read_text(encoding="utf-8") for name in ("websockets.md", "streams-and-events.md")
)
CODE = re.compile(r"^```(python|ts)\n(?:#|//) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A block of code and the file that it is in."""

    path: str
    code: str

    @property
    def module(self) -> str:
        """The module's name for `import`."""
        return self.path.removeprefix("backend/").removesuffix(".py").replace("/", ".")


def examples(language: str, text: str = TEXT) -> list[Example]:
    """The blocks of a language, in the order of the text."""
    return [Example(path, code) for name, path, code in CODE.findall(text) if name == language]

"""The blocks of code in docs/websockets.md."""

import re
from dataclasses import dataclass

from tools.source import ROOT

TEXT = (ROOT / "template" / "docs" / "websockets.md").read_text(encoding="utf-8")
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


def examples(language: str) -> list[Example]:
    """The blocks of a language, in the order of the text."""
    return [Example(path, code) for name, path, code in CODE.findall(TEXT) if name == language]

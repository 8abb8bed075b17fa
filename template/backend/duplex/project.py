"""The project's names, read from its pyproject.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Project:
    """`slug` is used for packages, cookies and keys; `name` is shown to users."""

    root: Path
    slug: str
    name: str
    description: str
    version: str

    @classmethod
    def read(cls, root: Path) -> Self:
        """The project whose pyproject.toml is in `root`. Raises OSError, KeyError."""
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
        data: dict[str, Any] = tomllib.loads(text)
        project = data["project"]
        return cls(
            root=root,
            slug=project["name"],
            name=data["tool"]["duplex"]["name"],
            description=project["description"],
            version=project["version"],
        )

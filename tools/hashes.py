"""The hashes of the engine's files, which `poe lint` of a project compares with its own."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

LIST = Path("template/backend/duplex_dev/update/engine_files.txt")

FOLDERS = ("backend/duplex", "backend/duplex_dev", "frontend/src/duplex")
"""As in template/backend/duplex_dev/project.py."""


def hashes_of(root: Path, files: Iterable[Path]) -> str:
    """The text of the list: a hash and the path in a project on each line, sorted by path."""
    lines: list[tuple[str, str]] = []
    for file in files:
        path = path_in_project(file)
        if path is not None and file != LIST:
            content = (root / file).read_bytes().replace(b"\r\n", b"\n")
            lines.append((path, hashlib.sha256(content).hexdigest()))
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(lines))


def path_in_project(file: Path) -> str | None:
    """Where an engine file of the template is in a project; None for every other file."""
    if len(file.parts) < 3 or file.parts[0] != "template":
        return None
    # `{% if vue %}frontend{% endif %}` is frontend in a project.
    top = "frontend" if "}frontend{" in file.parts[1] else file.parts[1]
    path = "/".join((top, *file.parts[2:]))
    return path if path.startswith(tuple(f"{folder}/" for folder in FOLDERS)) else None

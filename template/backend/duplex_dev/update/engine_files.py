"""Finds files of the engine that were edited, and files that an update rejected.

`ENGINE_FILES` has the SHA-256 of every engine file as Duplex released it. A path may have several,
one for each frontend; which of the files a project has depends on its answers.
"""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from duplex_dev.console import complain, say
from duplex_dev.project import ENGINE, ROOT

ENGINE_FILES = Path(__file__).with_name("engine_files.txt")

NOT_SOURCES = {"__pycache__", "node_modules", ".DS_Store", ".git", ".venv"}


def main() -> int:
    """Print the edited and rejected files; returns 1 if there are any."""
    edited = differences(ROOT, released(ENGINE_FILES))
    rejected = rejected_files(ROOT)
    for path, difference in edited.items():
        complain(f"{path}: {difference}")
    for path in rejected:
        complain(f"{path}: an update could not apply this; carry it over, then delete the file")
    if edited:
        print(
            "These folders belong to Duplex: `poe update` replaces them, and your edits would be"
            " lost. Put your code in backend/app or frontend/src, or report a missing feature."
        )
    if edited or rejected:
        return 1
    say("No file of the engine was edited")
    return 0


def released(file: Path) -> dict[str, set[str]]:
    """Path -> the hashes that it has in the release."""
    found: dict[str, set[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        digest, _, path = line.partition("  ")
        found.setdefault(path, set()).add(digest)
    return found


def differences(root: Path, release: Mapping[str, set[str]]) -> dict[str, str]:
    """The engine's files in `root` that differ from the release, with the fault of each."""
    found: dict[str, str] = {}
    for path in engine_files(root):
        name = path.relative_to(root).as_posix()
        if name not in release:
            found[name] = "is not a file of the engine"
        elif digest_of(path) not in release[name]:
            found[name] = "was edited"
    return found


def engine_files(root: Path) -> Iterator[Path]:
    """The files of the engine's folders, except the list of their hashes."""
    for folder in ENGINE:
        for file in sorted((root / folder).rglob("*")):
            if (
                file.is_file()
                and not NOT_SOURCES & set(file.parts)
                and file.name != ENGINE_FILES.name
            ):
                yield file


def rejected_files(root: Path) -> list[str]:
    """The `.rej` files of an update, which git ignores."""
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        found += [
            (Path(folder) / name).relative_to(root).as_posix()
            for name in files
            if name.endswith(".rej")
        ]
    return sorted(found)


def content_of(file: Path) -> bytes:
    """The content with the template's line ends, whichever git wrote."""
    return file.read_bytes().replace(b"\r\n", b"\n")


def digest_of(file: Path) -> str:
    """The SHA-256 of `content_of`."""
    return hashlib.sha256(content_of(file)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())

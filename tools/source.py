"""A copy of the template for Copier: the files of the working tree, without git.

Copier renders a git working tree by committing it to a clone first, and calls git for every file.
A plain copy renders in half the time and never records a commit that nobody else has.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tools.hashes import LIST, hashes_of

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE_PARTS = ("copier.yml", "hooks", "template")
"""The parts that a render reads."""


def committable(root: Path = ROOT) -> list[Path]:
    """Files that are tracked, or new and not ignored, relative to `root`; sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        # In a git hook, variables name the repository of the hook.
        env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:  # a downloaded archive: everything in it is the template
        found = (file for part in TEMPLATE_PARTS for file in _files(root / part))
        return sorted(file.relative_to(root) for file in found)
    names = os.fsdecode(listed.stdout).split("\0")
    return sorted({Path(name) for name in names if name and (root / name).is_file()})


def copy_source(target: Path, root: Path = ROOT) -> Path:
    """Copy the files that a render reads into the new folder `target`; returns it.

    The hashes of the engine's files are those of the copy: in the tree they may be older.
    """
    files = [file for file in committable(root) if file.parts[0] in TEMPLATE_PARTS]
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / file, target / file)
    if (target / LIST).is_file():
        (target / LIST).write_text(hashes_of(root, files), encoding="utf-8", newline="\n")
    return target


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]

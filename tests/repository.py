"""Git repositories that tests make. Their author is set for the whole run in conftest.py."""

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; its output. Fails the test with git's messages."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(
    folder: Path, message: str = "Change", *, tag: str | None = None, force: bool = False
) -> None:
    """Commit everything (`force`: what git ignores too); makes the repository if there is none."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", *(["--force"] if force else []))
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    if tag is not None:
        git(folder, "tag", tag)

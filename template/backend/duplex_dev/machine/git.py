"""Git in one folder: never in the repository that an environment variable names."""

import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from duplex_dev.console import TaskError
from duplex_dev.machine.environment import without_git

UNLIKE_THIS_MACHINE = """\
[core]
autocrlf = false
safecrlf = false
[commit]
gpgSign = false
[apply]
whitespace = nowarn
[status]
showUntrackedFiles = all
"""
"""Settings of a scratch repository. Those of the machine may let `git apply` refuse or change a
patch, and Copier would not see that.
"""

MOST_CONFLICTS = 127
"""`git merge-file` exits with the number of conflicts, at most this; above it failed."""


class GitError(TaskError):
    """Git failed; the message is its own."""


def git(folder: Path, *arguments: str) -> bytes:
    """The output of a git command in this folder. Raises GitError with git's message."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command,
            env=without_git(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise TaskError("git is not installed, and this command needs it.") from None
    if done.returncode != 0:
        raise GitError(done.stderr.decode(errors="replace").strip())
    return done.stdout


def paths(folder: Path, *arguments: str) -> list[str]:
    """The output of a git command with `-z`: a list of paths."""
    return [path for path in os.fsdecode(git(folder, *arguments)).split("\0") if path]


def is_tracked(file: Path) -> bool:
    """Whether a repository has the file: that of its folder, or that of a folder above."""
    try:
        git(file.parent, "ls-files", "--error-unmatch", "--", file.name)
    except GitError:
        return False
    return True


def changed_files(folder: Path, *, ignored: bool = False) -> list[str]:
    """The changed, new and deleted files below the folder, relative to it.

    With `ignored`, new files that an ignore rule of the project or of this machine matches too.
    """
    # Git prints paths from the top of the repository, in whatever folder it runs.
    prefix = os.fsdecode(git(folder, "rev-parse", "--show-prefix")).strip("\n")
    status = ["status", "--porcelain", "--untracked-files=all", "--no-renames", "-z"]
    lines = paths(folder, *status, *(["--ignored"] if ignored else []), "--", ".")
    return sorted(line[3:].removeprefix(prefix) for line in lines)


def with_other_line_ends(folder: Path) -> set[str]:
    """Files that the repository has with LF and the work tree with CRLF (`core.autocrlf`)."""
    entries = (entry.split("\t", 1) for entry in paths(folder, "ls-files", "--eol", "-z"))
    return {path for ends, path in entries if ends.split()[:2] == ["i/lf", "w/crlf"]}


def ignored_among(folder: Path, names: Iterable[str]) -> list[str]:
    """Which of these files are new and ignored: `git add` leaves them out."""
    new = set(paths(folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard"))
    return sorted(new & set(names))


def commit_all(folder: Path, message: str) -> None:
    """Make the folder a repository of its own, with everything in it in one commit."""
    who = ("-c", "user.name=Duplex", "-c", "user.email=duplex@localhost")
    git(folder, "init", "--quiet")
    with (folder / ".git/config").open("a", encoding="utf-8") as config:
        config.write(UNLIKE_THIS_MACHINE)
    git(folder, "add", "--all", "--force")
    options = ("--quiet", "--allow-empty", "--no-verify", "-m", message)
    git(folder, *who, "-c", "core.hooksPath=", "commit", *options)


def merge(ours: bytes, base: bytes, theirs: bytes) -> bytes:
    """A three-way merge of one file's content, with conflict markers where it is needed."""
    with tempfile.TemporaryDirectory(prefix="merge-") as name:
        folder = Path(name)
        for part, content in {"ours": ours, "base": base, "theirs": theirs}.items():
            (folder / part).write_bytes(content)
        labels = ("-L", "before updating", "-L", "last update", "-L", "after updating")
        command = ["git", "merge-file", "-p", *labels, "ours", "base", "theirs"]
        done = subprocess.run(
            command, cwd=folder, env=without_git(os.environ), capture_output=True, check=False
        )
    if done.returncode > MOST_CONFLICTS:
        raise GitError(done.stderr.decode(errors="replace").strip())
    return done.stdout

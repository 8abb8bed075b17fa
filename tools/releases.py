"""Releases of the template: the table in releases.toml, tags, and `poe release`.

`poe release VERSION` adds the present commit to the table as a release, and tags it with its notes
from CHANGELOG.md. `poe release` alone makes the tags that this clone does not have.
"""

import argparse
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from duplex_dev.machine.environment import without_git

from tools.source import ROOT, TEMPLATE_PARTS, copy_source

TABLE = ROOT / "releases.toml"
NEXT = "9999.0.0"
"""The version of the working tree in a scratch clone."""

AS_DUPLEX = tuple(
    part
    for option in (
        "user.name=Duplex",
        "user.email=duplex@localhost",
        "commit.gpgSign=false",
        "tag.gpgSign=false",
    )
    for part in ("-c", option)
)

DUTY = "What a team must do"


class ReleaseError(Exception):
    """Its text says what is missing; nothing was changed."""


@dataclass(frozen=True)
class Release:
    """A version, and the commit that it is."""

    version: str
    commit: str


def released(table: Path = TABLE) -> list[Release]:
    """The table, oldest first."""
    rows = tomllib.loads(table.read_text(encoding="utf-8")).get("release", [])
    return [Release(row["version"], row["commit"]) for row in rows]


def allowed_conflicts(table: Path = TABLE) -> set[str]:
    """Files of a project that the next release may conflict in."""
    return set(tomllib.loads(table.read_text(encoding="utf-8"))["conflicts"])


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command. Raises ReleaseError with git's message."""
    command = ["git", *AS_DUPLEX, *arguments]
    # In a git hook, variables name the repository of the hook.
    done = subprocess.run(
        command,
        cwd=folder,
        env=without_git(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ReleaseError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def scratch_clone(target: Path, releases: list[Release], root: Path = ROOT) -> Path:
    """A clone with a tag for each release, and the working tree as the version `NEXT`."""
    git(root, "clone", "--quiet", "--no-checkout", "--", str(root), str(target))
    for tag in git(target, "tag", "--list").split():
        git(target, "tag", "--delete", tag)
    for release in releases:
        git(target, "tag", release.version, release.commit)
    git(target, "read-tree", "HEAD")
    git(target, "rm", "-r", "--quiet", "--cached", *TEMPLATE_PARTS)
    copy_source(target, root)
    git(target, "add", "--force", *TEMPLATE_PARTS)
    git(target, "commit", "--quiet", "--allow-empty", "--message", NEXT)
    git(target, "tag", NEXT)
    return target


def notes(version: str, changelog: str) -> str:
    """The section of the changelog about a version, with its duty. Raises ReleaseError without."""
    found = re.search(
        rf"^## v?{re.escape(version)}\b.*?(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if found is None:
        raise ReleaseError(f"CHANGELOG.md has no section `## {version}`.")
    if DUTY not in found[0]:
        raise ReleaseError(f"The section of {version} in CHANGELOG.md has no `{DUTY}`.")
    return found[0].strip()


def add(version: str, root: Path = ROOT) -> Release:
    """Add the present commit to the table. Raises ReleaseError when something is missing."""
    table = root / TABLE.name
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        raise ReleaseError(f"{version!r} is not a version such as 1.2.0.")
    if version in {release.version for release in released(table)}:
        raise ReleaseError(f"{version} is in {table.name} already.")
    if git(root, "status", "--porcelain"):
        raise ReleaseError("Commit your changes first: a release is a commit.")
    notes(version, (root / "CHANGELOG.md").read_text(encoding="utf-8"))
    runbook = (root / "template/docs/upgrading.md").read_text(encoding="utf-8")
    if not re.search(rf"^### .*\b{re.escape(version)}\b", runbook, re.MULTILINE):
        raise ReleaseError(f"template/docs/upgrading.md has no runbook `### {version}`.")
    release = Release(version, git(root, "rev-parse", "HEAD").strip())
    row = f'\n[[release]]\nversion = "{version}"\ncommit = "{release.commit}"\n'
    with table.open("a", encoding="utf-8", newline="\n") as file:
        file.write(row)
    return release


def tag_all(root: Path = ROOT) -> list[str]:
    """Make the tags that this clone does not have, with their notes; returns their names."""
    there = set(git(root, "tag", "--list").split())
    made: list[str] = []
    for release in released(root / TABLE.name):
        if release.version not in there and re.fullmatch(r"[\d.]+", release.version):
            changelog = git(root, "show", f"{release.commit}:CHANGELOG.md")
            text = f"Duplex {release.version}\n\n{notes(release.version, changelog)}"
            # Lines with # are headings here, not comments.
            arguments = ("--cleanup=verbatim", "--annotate", "--message", text)
            git(root, "tag", *arguments, release.version, release.commit)
            made.append(release.version)
    return made


def main() -> int:
    """Add a release when a version is given, then make the tags."""
    parser = argparse.ArgumentParser("poe release", description=__doc__)
    parser.add_argument("version", nargs="?", metavar="VERSION", help="such as 1.2.0")
    version = parser.parse_args().version
    try:
        if version is not None:
            add(version)
            print(f"Added {version} to {TABLE.name}: commit that file as `Release {version}`")
        for tag in tag_all():
            print(f"Tagged {tag}: git push origin main {tag}")
    except ReleaseError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

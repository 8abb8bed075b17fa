"""The template's releases: its tags, and the sections of CHANGELOG.md about them."""

import re
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from duplex_dev.console import TaskError
from duplex_dev.machine import git

SHORT_NAMES = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
RELEASE = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
STARTER = re.compile(r"\{% if not _copier_conf\.data %\}(?P<pattern>/[^{]+)\{% endif %\}")


@dataclass(frozen=True)
class TemplateHistory:
    """A bare clone of the template's repository."""

    folder: Path

    @staticmethod
    @contextmanager
    def cloned(place: str) -> Generator["TemplateHistory"]:
        """Clone the template for as long as the block runs."""
        for short, url in SHORT_NAMES.items():
            if place.startswith(short):
                place = url + place.removeprefix(short)
        place = place.removeprefix("git+")
        with tempfile.TemporaryDirectory(prefix="template-") as name:
            folder = Path(name) / "template"
            try:
                git.git(Path(name), "clone", "--quiet", "--bare", "--", place, str(folder))
            except git.GitError as error:
                raise TaskError(
                    f"The template {place} cannot be cloned. If it has moved, name its new place:"
                    f" `--template URL_OR_ABSOLUTE_PATH`. Git's message:\n{error}"
                ) from None
            yield TemplateHistory(folder)

    def newer(self, commit: str) -> list[str]:
        """The releases after a commit, oldest first."""
        tags = self._git("tag", "--list", "--no-merged", commit).split()
        return sorted(filter(version, tags), key=lambda tag: version(tag) or ())

    def latest(self, commit: str) -> str:
        """The release that `copier update` takes: the newest one, or HEAD where there is none."""
        newer = self.newer(commit)
        tagged = any(map(version, self._git("tag", "--list").split()))
        return newer[-1] if newer else commit if tagged else "HEAD"

    def commits_between(self, commit: str, end: str) -> int:
        """How many commits the template has after `commit`."""
        return int(self._git("rev-list", "--count", f"{commit}..{end}"))

    def notes(self, commit: str, end: str) -> list[str]:
        """The sections of CHANGELOG.md for the releases after `commit`, up to `end`."""
        reached = set(self._git("tag", "--list", "--merged", end).split())
        wanted = [tag for tag in self.newer(commit) if tag in reached]
        try:
            text = self._git("show", f"{end}:CHANGELOG.md")
        except git.GitError:
            return []
        sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
        named = {section.split()[1].removeprefix("v"): section.strip() for section in sections}
        return [named[tag.removeprefix("v")] for tag in wanted if tag.removeprefix("v") in named]

    def starter(self, commit: str) -> list[str]:
        """The patterns of starter code, which no release touches."""
        settings = yaml.safe_load(self._git("show", f"{commit}:copier.yml"))
        found = [STARTER.fullmatch(pattern) for pattern in settings.get("_skip_if_exists", ())]
        return [one["pattern"] for one in found if one]

    def _git(self, *arguments: str) -> str:
        return git.git(self.folder, *arguments).decode(errors="replace")


def is_starter(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns names the file, or a folder that it is in."""
    path = PurePosixPath("/") / name
    return any(one.match(pattern) for one in (path, *path.parents) for pattern in patterns)


def version(tag: str) -> tuple[int, ...] | None:
    """The numbers of a release's tag, such as `1.2.0` or `v1.2.0`; None for every other tag."""
    found = RELEASE.fullmatch(tag)
    return tuple(int(number) for number in found.groups()) if found else None

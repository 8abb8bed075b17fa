"""A scratch copy of the project in a repository of its own, in which Copier renders.

Copier needs a repository and changes its work tree. In the copy it has a clean one, whatever the
project's own is (a sub-folder of a larger repository, a worktree), and a failure does not change
the project.
"""

import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path

from copier import VcsRef, run_copy, run_update
from copier.errors import CopierError
from plumbum.commands.processes import ProcessExecutionError

from duplex_dev.console import TaskError
from duplex_dev.machine import git
from duplex_dev.project import GENERATED, shown
from duplex_dev.update.engine_files import content_of
from duplex_dev.update.states import ANSWERS, Answers, read_answers

CONFLICT = "<<<<<<< "

INVALID = "Validation error for question "
"""Copier's text in front of a question's name and the template's own message."""

NO_CHOICE = "Invalid choice for "
"""Copier's text in front of a question's name and the possible answers."""

KEPT = {"edits_are_kept": True}
"""Tells the template that this command keeps edited files, which Copier would delete."""

MADE_BY_COMMANDS = {"uv.lock", "frontend/package-lock.json", *map(shown, GENERATED)}
"""Files that `uv run` and set-up write: they do not count as uncommitted work."""


def must_be_clean(root: Path) -> None:
    """Raise TaskError unless everything of this project is committed."""
    if not git.is_tracked(root / ANSWERS):
        raise TaskError(
            f"This project is not committed to a git repository ({ANSWERS} is not tracked), so its"
            " changes could not be told from the template's. First run"
            " `git init && git add -A && git commit -m 'From Duplex'`."
        )
    changed = [path for path in git.changed_files(root) if path not in MADE_BY_COMMANDS]
    if changed:
        raise TaskError(
            "Commit or stash your changes first, so that the changes of this command can be seen"
            f" and undone by themselves: {', '.join(changed[:5])}{' …' if changed[5:] else ''}"
        )


@contextmanager
def scratch_copy(root: Path, template: str | None = None) -> Generator[Path]:
    """A copy of the project's tracked files, committed in a repository of its own.

    `template` replaces the place of the template in the copy's answers.
    """
    with tempfile.TemporaryDirectory(prefix="update-") as name:
        copy = Path(name).resolve() / "project"
        # A template has LF: with CRLF every line would clash.
        crlf = git.with_other_line_ends(root)
        for path in git.paths(root, "ls-files", "-z", "--cached"):
            source, target = root / path, copy / path
            if source.is_file() or source.is_symlink():
                _copy(source, target)
            if path in crlf:
                target.write_bytes(content_of(source))
        if template is not None:
            _set_template(copy / ANSWERS, template)
        git.commit_all(copy, "The project before the update")
        yield copy


@contextmanager
def fresh_render(copy: Path) -> Generator[Path]:
    """Render the template with the answers of this copy: the project without edits."""
    answers = read_answers(copy / ANSWERS)
    with tempfile.TemporaryDirectory(prefix="render-") as name:
        with _explained(copy):
            run_copy(
                str(answers["_src_path"]),
                name,
                data={key: value for key, value in answers.items() if not key.startswith("_")},
                vcs_ref=str(answers["_commit"]),
                defaults=True,
                quiet=True,
            )
        yield Path(name).resolve()


def render_update(
    copy: Path, data: Mapping[str, object], ref: str | VcsRef | None = VcsRef.CURRENT
) -> None:
    """Let Copier apply new answers, or a release when there are none.

    Raises TaskError when the template refuses an answer or cannot be reached.
    """
    with _explained(copy, ref):
        run_update(
            dst_path=str(copy),
            data=dict(data),
            vcs_ref=ref,
            defaults=True,
            skip_answered=True,
            overwrite=True,
            quiet=True,
        )


@contextmanager
def _explained(copy: Path, ref: object = None) -> Generator[None]:
    output = StringIO()
    try:
        with redirect_stderr(output):
            yield
    except ProcessExecutionError as error:
        raise TaskError(_unreachable(copy, str(error.stderr).strip())) from None
    except AssertionError as error:
        if not isinstance(error.__context__, IsADirectoryError):
            raise
        folder = Path(error.__context__.filename).relative_to(copy).as_posix()
        raise TaskError(
            f"{folder} is a file of the template, and a folder of yours: give it another name."
            " Nothing was changed."
        ) from None
    except (CopierError, OSError, ValueError) as error:
        refused = _refusal(str(error), ref)
        if refused is not None:
            raise TaskError(f"{refused}. Nothing was changed.") from None
        raise TaskError(_unreachable(copy, f"{error}\n{output.getvalue()}".strip())) from None


def _refusal(message: str, ref: object) -> str | None:
    """The reason of Copier's message, if an answer or the version `ref` was refused."""
    if INVALID in message:
        return message.partition(INVALID)[2].partition(": ")[2]
    if NO_CHOICE in message:
        return message.partition(NO_CHOICE)[2]
    if message == f"Unknown revision: {ref!r}":
        return f"The template has no version {ref}: `poe template-status` lists the newer ones"
    return None


class Applied:
    """Changes of a scratch copy that were brought into the project, and can be undone."""

    def __init__(self, root: Path, backup: Path) -> None:
        self._root = root
        self._backup = backup
        self.files: list[str] = []

    def bring(self, copy: Path) -> None:
        """Bring every file that changed in the copy into the project.

        Raises TaskError when the project is no longer what was copied: Copier needs a while.
        """
        must_be_clean(self._root)
        changed = git.changed_files(copy, ignored=True)
        tracked = set(git.paths(copy, "ls-files", "-z"))
        for path in changed:
            if path not in tracked and (self._root / path).exists():
                raise TaskError(
                    f"The template has a file {path}, and git ignores the one that you have there."
                    " Move yours first. Nothing was changed."
                )
        for path in changed:
            if is_there(self._root / path):
                _copy(self._root / path, self._backup / path)
        self.files = changed
        self._take_from(copy)

    def conflicts(self) -> list[str]:
        """The files that have conflict markers now."""
        return [path for path in self.files if has_conflict(self._root / path)]

    def undo(self) -> None:
        """Put every file back as it was, and delete those that are new."""
        self._take_from(self._backup)

    def _take_from(self, folder: Path) -> None:
        """Make the files of the project those of the folder; what it does not have is deleted.

        Deleted first: where case does not matter, a new name may be the old one in other letters.
        """
        for path in self.files:
            if not is_there(folder / path):
                (self._root / path).unlink(missing_ok=True)
        for path in self.files:
            if is_there(folder / path):
                _copy(folder / path, self._root / path)


def is_there(file: Path) -> bool:
    """Whether there is a file, or a link to one that need not exist."""
    return file.is_symlink() or file.exists()


def _copy(source: Path, target: Path) -> None:
    """Copy a file, or a link itself: what it points to may be outside of the project."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink():
        target.unlink()
    shutil.copy2(source, target, follow_symlinks=False)


@contextmanager
def applying(root: Path) -> Generator[Applied]:
    """Bring changes in; when the block fails, undo them."""
    with tempfile.TemporaryDirectory(prefix="update-backup-") as name:
        applied = Applied(root, Path(name))
        try:
            yield applied
        except BaseException:
            applied.undo()
            raise


def has_conflict(file: Path) -> bool:
    """Whether Copier left conflict markers in the file."""
    if not file.is_file():
        return False
    text = file.read_text(encoding="utf-8", errors="replace")
    return any(line.startswith(CONFLICT) for line in text.splitlines())


def _set_template(file: Path, template: str) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    place = f"_src_path: {template}"
    changed = [place if line.startswith("_src_path:") else line for line in lines]
    file.write_text("\n".join(changed) + "\n", encoding="utf-8")


def _unreachable(copy: Path, reason: str) -> str:
    answers: Answers = read_answers(copy / ANSWERS)
    return (
        f"The template {answers['_src_path']} at {answers['_commit']} cannot be rendered. If it has"
        " moved, name its new place: `--template URL_OR_ABSOLUTE_PATH`. Copier's message:\n"
        f"{reason}"
    )

"""Changes of answers and releases: tried in a scratch copy, then brought into the project."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from duplex_dev.console import TaskError, say
from duplex_dev.contract import files
from duplex_dev.machine import git
from duplex_dev.project import ENGINE
from duplex_dev.update.engine_files import ENGINE_FILES, engine_files, released
from duplex_dev.update.scratch import (
    KEPT,
    applying,
    fresh_render,
    has_conflict,
    render_update,
    scratch_copy,
)
from duplex_dev.update.states import INDEX, StateChange

TEMPLATE_HELP = "the template's URL or path, if it has moved"

REMOVED = "removed"
"""The folder that keeps edited files whose place in the project is gone."""

MOVED = "backend/duplex_dev/update/moved.txt"
"""Files that releases moved: the old and the new path on each line."""

MIGRATIONS = "backend/migrations/versions/"
"""Never deleted: databases have run them, and later ones depend on them."""

Kept = dict[str, str]
"""Files with edits that have no place any more -> where they are kept."""


def change_answers(
    root: Path, data: Mapping[str, object], template: str | None, states: StateChange | None = None
) -> Kept:
    """Change answers at the present release. Raises TaskError when conflicts are left."""
    with scratch_copy(root, template) as copy:
        with fresh_render(copy) as original:
            render_update(copy, {**data, **KEPT})
            if states is not None:
                _rewire(root, copy, states)
            kept = _keep_edits(root, copy, original, states)
        _tell(kept, "will be kept")
        _bring(root, copy, contract=True)
    return kept


def take_release(root: Path, ref: str | None, template: str | None) -> tuple[Kept, list[str]]:
    """Take a release, the latest when `ref` is None; returns the kept files and the conflicts."""
    with scratch_copy(root, template) as copy:
        kept = try_release(root, copy, ref)
        _tell(kept, "will be kept")
        return kept, _bring(root, copy, contract=False)


def try_release(root: Path, copy: Path, ref: str | None) -> Kept:
    """Take a release in the scratch copy alone."""
    with fresh_render(copy) as original:
        render_update(copy, {}, ref)
        with fresh_render(copy) as fresh:
            _carry_moved(root, copy, original, fresh)
            _replace_engine(copy, original, fresh)
        return _keep_edits(root, copy, original, None)


def _bring(root: Path, copy: Path, *, contract: bool) -> list[str]:
    with applying(root) as applied:
        applied.bring(copy)
        conflicts = applied.conflicts()
        if contract and not conflicts:
            _write_contract()
    if contract and conflicts:
        raise TaskError(
            "Your changes and those of this command are in the same lines. Resolve the conflict"
            f" markers in {', '.join(conflicts)}, then run `uv run poe contract`."
        )
    return conflicts


def _write_contract() -> None:
    try:
        files.write()
    except TaskError as error:
        raise TaskError(
            f"The contract could not be generated afterwards, so all changes of this command were"
            f" undone.\n{error}"
        ) from None


def _tell(kept: Kept, what: str) -> None:
    for path, place in kept.items():
        say(f"{path} has your edits: they {what} in {place}")


def _keep_edits(root: Path, copy: Path, original: Path, states: StateChange | None) -> Kept:
    """Keep files that the update deletes and the team edited; unedited ones are deleted."""
    kept: Kept = {}
    for path in git.changed_files(copy):
        before, base = root / path, original / path
        if (copy / path).exists() or not before.is_file() or path.startswith(ENGINE):
            continue
        if path.startswith(MIGRATIONS):
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(before, copy / path)
            continue
        if base.is_file() and _lines(base) == _lines(before):
            continue
        place = states.path_after(path) if states else path
        if states is not None and place != path and (copy / place).is_file():
            _merge_renamed(before, base, copy / place, states)
        else:
            place = f"{REMOVED}/{path}"
            (copy / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(before, copy / place)
        kept[path] = place
    return kept


def _merge_renamed(before: Path, base: Path, new: Path, states: StateChange) -> None:
    ours = states.renamed_in(before.read_text(encoding="utf-8"))
    old = states.renamed_in(base.read_text(encoding="utf-8")) if base.is_file() else ""
    new.write_bytes(git.merge(ours.encode(), old.encode(), new.read_bytes()))


def _rewire(root: Path, copy: Path, states: StateChange) -> None:
    """Lines that the team reordered clash with a new line; one import and one name do not."""
    if has_conflict(copy / INDEX):
        text = states.rewired((root / INDEX).read_text(encoding="utf-8"))
        if text is not None:
            (copy / INDEX).write_text(text, encoding="utf-8", newline="\n")


def _carry_moved(root: Path, copy: Path, original: Path, fresh: Path) -> None:
    """Merge the team's edits of a file that the release moved into its new place."""
    if not (fresh / MOVED).is_file():
        return
    for line in (fresh / MOVED).read_text(encoding="utf-8").splitlines():
        old, _, new = line.partition(" ")
        ours, base, theirs = root / old, original / old, fresh / new
        if line.startswith("#") or not all(file.is_file() for file in (ours, base, theirs)):
            continue
        merged = git.merge(_lines(ours), _lines(base), _lines(theirs))
        (copy / new).parent.mkdir(parents=True, exist_ok=True)
        (copy / new).write_bytes(merged)
        (copy / old).unlink(missing_ok=True)
        # Nothing is lost with the old file, so it need not be kept.
        base.write_bytes(ours.read_bytes())


def _replace_engine(copy: Path, original: Path, fresh: Path) -> None:
    """Make the engine's folders those of the release; files that the team added stay."""
    known = {file.relative_to(original) for file in engine_files(original)}
    known |= {Path(name) for name in released(ENGINE_FILES)}
    for path in known:
        (copy / path).unlink(missing_ok=True)
    for folder in ENGINE:
        if (fresh / folder).is_dir():
            shutil.copytree(fresh / folder, copy / folder, dirs_exist_ok=True)


def names_in(answer: object) -> list[str]:
    """The names of a list of states; a wrong answer has none, and the template explains it."""
    return [str(name) for name in cast("list[object]", answer)] if isinstance(answer, list) else []


def _lines(file: Path) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n")

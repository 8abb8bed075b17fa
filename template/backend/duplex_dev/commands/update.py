"""`poe update`: takes a release of the template, or changes answers with --data.
`poe template-status`: reports, and changes nothing.

Everything is tried in a scratch copy first. The engine's folders become those of the release
without a merge; edited files that have no place any more are kept in removed/.
"""

import argparse
import re
from pathlib import Path
from typing import cast

import yaml

from duplex_dev.console import TaskError, complain, say
from duplex_dev.machine import git
from duplex_dev.project import ENGINE, ROOT
from duplex_dev.update import changing
from duplex_dev.update.engine_files import ENGINE_FILES, content_of, differences, released
from duplex_dev.update.releases import TemplateHistory, is_starter
from duplex_dev.update.scratch import (
    MADE_BY_COMMANDS,
    fresh_render,
    has_conflict,
    must_be_clean,
    scratch_copy,
)
from duplex_dev.update.states import ANSWERS, read_answers

FRAMEWORKS = {
    "vue": (".vue", r"vue|vue-router|pinia|@vue/[\w-]+"),
    "react": (".tsx", r"react|react-dom|react-router|zustand|@testing-library/react"),
}
"""The suffix of a framework's components, and the packages that only its code imports."""

SOURCES = {".ts", ".tsx", ".js", ".mjs", ".vue"}


def update(arguments: list[str]) -> int:
    """Update; returns 1 when conflicts are left."""
    parser = argparse.ArgumentParser("poe update", description=__doc__)
    parser.add_argument("--to", metavar="VERSION", help="a release; the latest if not given")
    parser.add_argument(
        "--data", action="append", default=[], metavar="QUESTION=ANSWER", help="a new answer"
    )
    parser.add_argument("--template", metavar="PLACE", help=changing.TEMPLATE_HELP)
    options = parser.parse_args(arguments)
    if options.data and options.to:
        raise TaskError("An update keeps the answers: first `--to`, then `--data` by itself.")
    must_be_clean(ROOT)
    if options.data:
        return _change(dict(_answer(text) for text in options.data), options.template)
    return _update(options.to, options.template)


def _answer(text: str) -> tuple[str, str]:
    question, equals, answer = text.partition("=")
    if not equals:
        raise TaskError(f"{text!r} is not an answer: write --data QUESTION=ANSWER.")
    return question, answer


def _read(answer: str, present: object) -> object:
    """The answer in YAML; a text, such as `Notes: for teams`, need not be quoted."""
    try:
        value: object = yaml.safe_load(answer)
    except yaml.YAMLError as error:
        if isinstance(present, str):
            return answer
        raise TaskError(f"{answer!r} is not valid YAML: {error}. Nothing was changed.") from None
    return answer if isinstance(present, str) and not isinstance(value, str) else value


def _names_in(answer: object) -> list[str]:
    """The names of a list of states; a wrong answer has none, and the template explains it."""
    return [str(name) for name in cast("list[object]", answer)] if isinstance(answer, list) else []


def _change(texts: dict[str, str], template: str | None) -> int:
    answers = read_answers(ROOT / ANSWERS)
    questions = [name for name in answers if name[:1] != "_" and name != "rendered_version"]
    unknown = [name for name in texts if name not in questions]
    if unknown:
        raise TaskError(f"{unknown[0]!r} is not a question of the template. Nothing was changed.")
    data = {name: _read(text, answers[name]) for name, text in texts.items()}
    if set(answers["states"]) - set(_names_in(data.get("states", answers["states"]))):
        raise TaskError(
            "States are removed and renamed by `uv run poe remove-state` and `rename-state`."
            " Nothing was changed."
        )
    say(f"Rendering with {', '.join(f'{name}={data[name]}' for name in data)} …")
    kept, conflicts = changing.change_answers(ROOT, data, template)
    before = str(answers.get("frontend"))
    if data.get("frontend", before) != before and (left := _written_for(before, ROOT)):
        say(f"Still written for {before}; port these files to {data['frontend']}:")
        for path in left:
            print(f"    {path}")
    return _report(kept, conflicts)


def _update(ref: str | None, template: str | None) -> int:
    before = read_answers(ROOT / ANSWERS)
    edited = differences(ROOT, released(ENGINE_FILES))
    for path, difference in edited.items():
        say(f"{path} {difference}: the release replaces the engine's files")
    say(f"Updating from {before['_commit']} …")
    kept, conflicts = changing.take_release(ROOT, ref, template)
    after = read_answers(ROOT / ANSWERS)
    with TemplateHistory.cloned(str(after["_src_path"])) as history:
        for notes in history.notes(str(before["_commit"]), str(after["_commit"])):
            print(f"\n{notes}\n")
    say(f"This project is at {after['_commit']} now")
    changed = set(git.changed_files(ROOT))
    for path in edited:
        if path in changed and path not in kept:
            say(f"Your edits of {path} are in git alone: git show HEAD:./{path}")
    return _report(kept, conflicts)


def _report(kept: changing.Kept, conflicts: list[str]) -> int:
    """Say what was done and what comes next; returns the exit code."""
    changed = git.changed_files(ROOT)
    say(f"{len(changed)} files changed: see `git status`")
    for path, place in kept.items():
        say(f"Your edits of {path} are in {place}")
    for path in conflicts:
        complain(f"{path} has conflict markers: both sides changed the same lines")
    first = "resolve the conflicts, " if conflicts else ""
    tables = any(path.startswith("backend/app/models/") for path in changed)
    migration = ', `uv run poe migration "what changed"`' if tables else ""
    say(f"Next: {first}run `uv run poe contract`{migration} and `uv run poe test`, then commit")
    return 1 if conflicts else 0


def status(arguments: list[str]) -> int:
    """Print the template's version, newer releases, your changes, and what would conflict."""
    parser = argparse.ArgumentParser("poe template-status", description=status.__doc__)
    parser.add_argument("--template", metavar="PLACE", help=changing.TEMPLATE_HELP)
    options = parser.parse_args(arguments)
    answers = read_answers(ROOT / ANSWERS)
    commit, place = str(answers["_commit"]), options.template or str(answers["_src_path"])
    say(f"This project is at {commit} of {place}")
    with TemplateHistory.cloned(place) as history, scratch_copy(ROOT, options.template) as copy:
        latest = history.latest(commit)
        behind = history.commits_between(commit, latest)
        for notes in history.notes(commit, latest):
            print(f"\n{notes}\n")
        with fresh_render(copy) as original:
            _report_changes(original, history.starter(commit))
            if behind:
                newer = history.newer(commit)
                say(f"Newer: {', '.join(newer) if newer else f'{behind} commits, none released'}")
                _report_conflicts(copy, original, latest)
            else:
                say("No newer release")
    return 0


def _report_changes(original: Path, starter: list[str]) -> None:
    edited = differences(ROOT, released(ENGINE_FILES))
    for path, difference in edited.items():
        say(f"Engine: {path} {difference}; a release replaces it")
    if not edited:
        say("Engine: no file was edited")
    names = [path.relative_to(original).as_posix() for path in sorted(original.rglob("*"))]
    changed = [
        name
        for name in names
        if not name.startswith((*ENGINE, ANSWERS))
        and name not in MADE_BY_COMMANDS
        and (original / name).is_file()
        and not _is_same(ROOT / name, original / name)
    ]
    own = [name for name in changed if is_starter(name, starter)]
    say(f"Starter code that you changed or deleted: {len(own)} files; no release touches any of it")
    merged = [name for name in changed if name not in own]
    say(f"Merged files that you changed or deleted:{'' if merged else ' none'}")
    for name in merged:
        print(f"    {name}{'' if (ROOT / name).is_file() else ' (deleted)'}")


def _report_conflicts(copy: Path, original: Path, ref: str) -> None:
    kept = changing.try_release(ROOT, copy, original, ref)
    conflicts = [path for path in git.changed_files(copy) if has_conflict(copy / path)]
    if conflicts:
        say(f"An update to {ref} conflicts with your changes in:")
        for path in conflicts:
            print(f"    {path}")
    else:
        say(f"An update to {ref} has no conflict")
    for path, place in kept.items():
        say(f"{path} is no longer part of the template: it would be kept in {place}")


def _is_same(file: Path, rendered: Path) -> bool:
    return file.is_file() and content_of(file) == rendered.read_bytes()


def _written_for(framework: str, root: Path) -> list[str]:
    """The frontend's components of a framework, and files that import one or its packages.

    The engine's own are not among them: the template exchanges these.
    """
    suffix, packages = FRAMEWORKS[framework]
    imports = re.compile(
        rf"""(from|import)\s*\(?\s*["'](({packages})(/[^"']*)?|[^"']*\{suffix})["']"""
    )
    listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "frontend")
    found = [
        name
        for name in git.paths(root, *listed)
        if not name.startswith(ENGINE)
        and (root / name).is_file()
        and (name.endswith(suffix) or imports.search(_text(root / name)))
    ]
    return sorted(set(found))


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.suffix in SOURCES else ""

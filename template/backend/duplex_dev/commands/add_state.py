"""`poe add-state NAME…`: new states, rendered by Copier at the present version of the template.

Copier renders the project with and without the new names and applies the difference: the new
modules appear, and the team's own changes stay.
"""

import argparse

from duplex_dev.console import TaskError, say
from duplex_dev.contract import files
from duplex_dev.machine import git, setup
from duplex_dev.project import GENERATED, ROOT, shown
from duplex_dev.update.answers import ANSWERS, read_answers, with_states
from duplex_dev.update.scratch import applying, render_states, scratch_copy

MADE_BY_COMMANDS = {"uv.lock", "frontend/package-lock.json", *map(shown, GENERATED)}
"""Files that `uv run` and set-up write: they are no uncommitted work."""


def main(arguments: list[str]) -> int:
    """Add the names, then generate the contract; undo everything when that fails."""
    parser = argparse.ArgumentParser("poe add-state", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help="camelCase, such as pauseThings")
    parser.add_argument(
        "--template", metavar="PLACE", help="the template's URL or path, if it has moved"
    )
    options = parser.parse_args(arguments)
    answers = read_answers(ROOT / ANSWERS)
    states = with_states(answers["states"], options.names)
    must_be_clean()
    setup.prepare()
    say(f"Rendering with {', '.join(options.names)} …")
    with scratch_copy(ROOT, options.template) as copy, applying(ROOT) as applied:
        render_states(copy, states)
        applied.bring(copy)
        conflicts = applied.conflicts()
        if not conflicts:
            _write_contract()
    if conflicts:
        raise TaskError(
            "Your changes and the new states are in the same lines. Resolve the conflict markers in"
            f" {', '.join(conflicts)}, then run `uv run poe contract`."
        )
    say("Changed or new:")
    for path in git.changed_files(ROOT):
        print(f"    {path}")
    say("Next: write the handlers in backend/app/states/ and the watchers in frontend/src/states/.")
    return 0


def must_be_clean() -> None:
    """Raise TaskError unless everything of this project is committed."""
    if not git.is_tracked(ROOT / ANSWERS):
        raise TaskError(
            f"This project is not committed to a git repository ({ANSWERS} is not tracked), so its"
            " changes could not be told from the template's. First run"
            " `git init && git add -A && git commit -m 'From Duplex'`."
        )
    changed = [path for path in git.changed_files(ROOT) if path not in MADE_BY_COMMANDS]
    if changed:
        raise TaskError(
            "Commit or stash your changes first, so that the changes of this command can be seen"
            f" and undone by themselves: {', '.join(changed[:5])}{' …' if changed[5:] else ''}"
        )


def _write_contract() -> None:
    try:
        files.write()
    except TaskError as error:
        raise TaskError(
            f"The contract could not be generated with the new states, so all changes of this"
            f" command were undone.\n{error}"
        ) from None

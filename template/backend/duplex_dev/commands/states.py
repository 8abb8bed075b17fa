"""`poe add-state NAME…`, `rename-state OLD NEW` and `remove-state NAME…`.

Copier renders the project with the old and the new names, at the present version of the template,
and applies the difference to a copy. Your changes stay: a renamed state's modules take them along,
and modules of a removed state that you edited are kept in removed/.
"""

import argparse

from duplex_dev.console import say
from duplex_dev.machine import git, setup
from duplex_dev.project import ROOT
from duplex_dev.update import changing
from duplex_dev.update.scratch import must_be_clean
from duplex_dev.update.states import (
    ANSWERS,
    StateChange,
    mentions,
    must_be_states,
    read_answers,
    with_states,
)


def add(arguments: list[str]) -> int:
    """Add states at the end of the list."""
    parser = argparse.ArgumentParser("poe add-state", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help="camelCase, such as pauseThings")
    options = _parse(parser, arguments)
    answers = read_answers(ROOT / ANSWERS)
    with_states(answers["states"], options.names)
    change = StateChange(answers, added=tuple(options.names))
    _change(change, f"Rendering with {', '.join(options.names)} …", options.template)
    say("Next: write the handlers in backend/app/states/ and the watchers in frontend/src/states/.")
    return 0


def rename(arguments: list[str]) -> int:
    """Rename a state."""
    parser = argparse.ArgumentParser("poe rename-state", description=__doc__)
    parser.add_argument("old", metavar="OLD", help="a state of this project")
    parser.add_argument("new", metavar="NEW", help="its new name in camelCase")
    options = _parse(parser, arguments)
    answers = read_answers(ROOT / ANSWERS)
    must_be_states(answers, [options.old])
    with_states(answers["states"], [options.new])
    change = StateChange(answers, renamed={options.old: options.new})
    _change(change, f"Renaming {options.old} to {options.new} …", options.template)
    return 0


def remove(arguments: list[str]) -> int:
    """Remove states."""
    parser = argparse.ArgumentParser("poe remove-state", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help="a state of this project")
    options = _parse(parser, arguments)
    answers = read_answers(ROOT / ANSWERS)
    must_be_states(answers, options.names)
    change = StateChange(answers, removed=tuple(options.names))
    _change(change, f"Removing {', '.join(options.names)} …", options.template)
    return 0


def _parse(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    parser.add_argument("--template", metavar="PLACE", help=changing.TEMPLATE_HELP)
    return parser.parse_args(arguments)


def _change(change: StateChange, title: str, template: str | None) -> None:
    must_be_clean(ROOT)
    setup.prepare()
    say(title)
    kept = changing.change_states(ROOT, change, template)
    say("Changed, new or deleted:")
    for path in git.changed_files(ROOT):
        print(f"    {path}")
    for path, place in kept.items():
        say(f"Your edits of {path} are in {place}")
    left = mentions(ROOT, [*change.removed, *change.renamed])
    if left:
        say("These lines still use an old name; change them, then run `uv run poe test`:")
        for place in left:
            print(f"    {place}")

"""Files that follow from the team's models: `poe contract` and `poe migration` write them."""

import argparse
import subprocess

from duplex.web.migrate import new_migration
from duplex_dev.console import TaskError, say
from duplex_dev.contract import changes, files
from duplex_dev.machine import processes, setup
from duplex_dev.project import ROOT, shown

CONTRACT_HELP = (
    "`poe contract`: states -> contract.ts and docs/asyncapi.json, REST routes -> rest.ts."
)


def contract(arguments: list[str]) -> int:
    """Write the files; with `--check` only compare, and fail when one is stale."""
    parser = argparse.ArgumentParser("poe contract", description=CONTRACT_HELP)
    parser.add_argument("--check", action="store_true", help="only compare, change nothing")
    parser.add_argument("--quiet", action="store_true", help="print only what changed")
    parser.add_argument(
        "--against", metavar="REF", help="list the changes since a git ref that break older pages"
    )
    options = parser.parse_args(arguments)
    if options.against is not None:
        return changes.compare_with(options.against)
    setup.prepare()
    if options.check:
        return files.check()
    files.write(quiet=options.quiet)
    return 0


MIGRATION_HELP = (
    "`poe migration MESSAGE`: a migration that brings the database to the models of the team."
)


def migration(arguments: list[str]) -> int:
    """Migrate the database of the settings, compare it with the models, write the difference."""
    parser = argparse.ArgumentParser("poe migration", description=MIGRATION_HELP)
    parser.add_argument("message", help='what changes, such as "add boards"')
    message: str = parser.parse_args(arguments).message
    with setup.lock():
        setup.make_env()
    setup.migrate()
    file = new_migration(ROOT, message)
    if file is None:
        raise TaskError("The models and the database agree: there is nothing to migrate.")
    for command in (("format", "--quiet"), ("check", "--fix", "--quiet", "--select=I,F401")):
        subprocess.run(processes.python_command("ruff", *command, str(file)), cwd=ROOT, check=False)
    say(f"Wrote {shown(file)}. Read it, then apply it: `uv run poe serve` and `poe dev` do.")
    return 0

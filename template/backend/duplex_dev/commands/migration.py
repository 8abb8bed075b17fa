"""`poe migration MESSAGE`: a migration that brings the database to the models of the team."""

import argparse
import subprocess

from duplex.web.migrate import new_migration
from duplex_dev.console import TaskError, say
from duplex_dev.machine import processes, setup
from duplex_dev.project import ROOT, shown


def main(arguments: list[str]) -> int:
    """Migrate the database of the settings, compare it with the models, write the difference."""
    parser = argparse.ArgumentParser("poe migration", description=__doc__)
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

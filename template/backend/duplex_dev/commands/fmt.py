"""`poe fmt`: format both sides and fix what the linters can fix by themselves."""

from duplex_dev.console import no_arguments
from duplex_dev.machine import setup
from duplex_dev.machine.steps import Step, npm_script, python_module, run_all


def main(arguments: list[str]) -> int:
    """Format everything; fails when a linter is left with something that people must decide."""
    no_arguments("fmt", arguments)
    setup.prepare()
    return run_all(
        [
            Step("ruff check --fix", python_module("ruff", "check", "--fix", "backend")),
            Step("ruff format", python_module("ruff", "format", "backend")),
            Step("eslint --fix", npm_script("lint", "--fix")),
            Step("prettier --write", npm_script("format")),
        ]
    )

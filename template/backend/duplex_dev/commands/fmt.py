"""`poe fmt`: format both sides and fix what the linters can fix; leaves the engine alone."""

from duplex_dev.commands.lint import PAGE_ENGINE
from duplex_dev.console import no_arguments
from duplex_dev.machine import setup
from duplex_dev.machine.processes import npm_step, python_step, run_all


def main(arguments: list[str]) -> int:
    """Format everything; fails when a linter reports something that it cannot fix."""
    no_arguments("fmt", arguments)
    setup.prepare()
    # One after the other: each step changes the files that the next one reads.
    return run_all(
        [
            python_step("ruff check --fix", "ruff", "check", "--fix", "backend"),
            python_step("ruff format", "ruff", "format", "backend"),
            npm_step("eslint --fix", "lint", "--fix", "--ignore-pattern", PAGE_ENGINE),
            npm_step("prettier --write", "format", f"!{PAGE_ENGINE}"),
        ],
        parallel=False,
    )

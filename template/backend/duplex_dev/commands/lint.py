"""`poe lint`: linters, formatting and strict types of both sides; changes nothing.

The engine's folders are checked where Duplex is developed; here only for files that were edited.
"""

from duplex_dev.commands.check import types
from duplex_dev.console import no_arguments
from duplex_dev.machine.steps import npm_step, python_step, run_all
from duplex_dev.preparation import prepare


def main(arguments: list[str]) -> int:
    """Run every check, whatever the results of the others are."""
    no_arguments("lint", arguments)
    prepare()
    return run_all(
        [
            npm_step("eslint", "lint"),
            *types(),
            npm_step("prettier", "format:check"),
            python_step("ruff check", "ruff", "check", "backend"),
            python_step("ruff format", "ruff", "format", "--check", "backend"),
        ]
    )

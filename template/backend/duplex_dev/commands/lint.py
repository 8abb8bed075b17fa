"""`poe lint`: linters, formatting and strict types of both sides; changes nothing."""

from duplex_dev.commands.check import types
from duplex_dev.console import no_arguments
from duplex_dev.machine.steps import Step, npm_script, python_module, run_all
from duplex_dev.preparation import prepare


def main(arguments: list[str]) -> int:
    """Run every check, whatever the others say."""
    no_arguments("lint", arguments)
    prepare()
    return run_all(
        [
            Step("ruff check", python_module("ruff", "check", "backend")),
            Step("ruff format", python_module("ruff", "format", "--check", "backend")),
            Step("eslint", npm_script("lint")),
            Step("prettier", npm_script("format:check")),
            *types(),
        ]
    )

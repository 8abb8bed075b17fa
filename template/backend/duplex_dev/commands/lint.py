"""`poe lint` checks both sides and changes nothing; `poe fmt` formats and fixes them."""

import argparse

from duplex_dev.commands.tests import types
from duplex_dev.console import no_arguments
from duplex_dev.contract.files import prepare
from duplex_dev.machine import setup
from duplex_dev.machine.processes import Step, npm_step, python_step, run_all
from duplex_dev.project import ENGINE

LINT_HELP = """\
`poe lint`: linters, formatting and strict types of both sides; changes nothing.

The engine's folders are only checked for edits; --engine checks their code as well."""

PAGE_ENGINE = "src/duplex/**"

PYTHON_ENGINE = [folder for folder in ENGINE if folder.startswith("backend/")]


def lint(arguments: list[str]) -> int:
    """Run all checks, also after one has failed."""
    parser = argparse.ArgumentParser("poe lint", description=LINT_HELP)
    parser.add_argument(
        "--engine", action="store_true", help="check the engine's code too, as Duplex itself does"
    )
    options = parser.parse_args(arguments)
    prepare()
    return run_all(steps(engine=options.engine))


def steps(*, engine: bool) -> list[Step]:
    """The checks, long ones first."""
    python = ["backend", *(PYTHON_ENGINE if engine else [])]
    return [
        npm_step("eslint", "lint", *([] if engine else ["--ignore-pattern", PAGE_ENGINE])),
        *types(),
        *([python_step("engine types", "basedpyright", *PYTHON_ENGINE)] if engine else []),
        npm_step("prettier", "format:check", *([] if engine else [f"!{PAGE_ENGINE}"])),
        python_step("ruff check", "ruff", "check", *python),
        python_step("ruff format", "ruff", "format", "--check", *python),
        python_step("engine files", "duplex_dev.update.engine_files"),
    ]


def fmt(arguments: list[str]) -> int:
    """Format everything except the engine; fails when a linter cannot fix its findings."""
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

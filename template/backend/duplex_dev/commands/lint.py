"""`poe lint`: linters, formatting and strict types of both sides; changes nothing.

The engine's folders are only checked for edits; --engine checks their code as well.
"""

import argparse

from duplex_dev.commands.check import types
from duplex_dev.contract.files import prepare
from duplex_dev.machine.processes import Step, npm_step, python_step, run_all
from duplex_dev.paths import ENGINE

PAGE_ENGINE = "src/duplex/**"

PYTHON_ENGINE = [folder for folder in ENGINE if folder.startswith("backend/")]


def main(arguments: list[str]) -> int:
    """Run every check, whatever the results of the others are."""
    parser = argparse.ArgumentParser("poe lint", description=__doc__)
    parser.add_argument(
        "--engine", action="store_true", help="check the engine's code too, as Duplex itself does"
    )
    options = parser.parse_args(arguments)
    prepare()
    return run_all(steps(engine=options.engine))


def steps(*, engine: bool) -> list[Step]:
    """The checks, the long ones first."""
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

"""`poe test`: contract freshness, backend and frontend tests, types of both sides.

`poe test` runs everything. `poe test backend|frontend|types|contract ARGUMENTS…` runs one part,
with the arguments for pytest or Vitest; any other arguments go to pytest alone: `poe test -k save`.
"""

from duplex_dev.console import TaskError
from duplex_dev.contract import files
from duplex_dev.machine.steps import Step, npm_script, python_module, run_all
from duplex_dev.preparation import prepare

PARTS = ("contract", "backend", "frontend", "types")


def main(arguments: list[str]) -> int:
    """Run what the arguments name; returns 0 when all of it passed."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    prepare()
    return run_all(steps_for(arguments))


def steps_for(arguments: list[str]) -> list[Step]:
    """The steps that these arguments ask for."""
    if not arguments:
        return [step for part in PARTS for step in _steps(part, [])]
    part, rest = arguments[0], arguments[1:]
    if part not in PARTS:
        part, rest = "backend", arguments
    if rest and part not in ("backend", "frontend"):
        raise TaskError(f"`poe test {part}` takes no arguments, but got: {' '.join(rest)}")
    return _steps(part, rest)


def _steps(part: str, rest: list[str]) -> list[Step]:
    match part:
        case "contract":
            return [Step("contract", files.check)]
        case "backend":
            return [Step("backend tests", python_module("pytest", *rest))]
        case "frontend":
            return [Step("frontend tests", npm_script("test", *rest))]
        case _:
            return types()


def types() -> list[Step]:
    """The type checkers of both sides."""
    return [
        Step("backend types", python_module("basedpyright")),
        Step("frontend types", npm_script("types")),
    ]

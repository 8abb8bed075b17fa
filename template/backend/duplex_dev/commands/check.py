"""`poe test`: contract freshness, backend and frontend tests, types of both sides.

`poe test` runs everything, as many parts at the same time as the machine has cores. `poe test
backend|frontend|types|contract ARGUMENTS…` runs one part, with the arguments for pytest or Vitest;
any other arguments go to pytest alone: `poe test -k save`.
"""

from duplex_dev.console import TaskError
from duplex_dev.contract.files import prepare
from duplex_dev.machine.processes import Step, npm_step, python_step, run_all

PARTS = ("backend", "types", "frontend", "contract")
"""Long ones first, so that the last one to end is a short one."""


def main(arguments: list[str]) -> int:
    """Run the parts that the arguments name; returns 0 when all of them passed."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    prepare()
    return run_all(steps_for(arguments))


def steps_for(arguments: list[str]) -> list[Step]:
    """The steps for these arguments."""
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
            return [python_step("contract", "duplex_dev", "contract", "--check")]
        case "backend":
            return [python_step("backend tests", "pytest", *rest)]
        case "frontend":
            return [npm_step("frontend tests", "test", *rest)]
        case _:
            return types()


def types() -> list[Step]:
    """The type checkers of both sides."""
    return [npm_step("frontend types", "types"), python_step("backend types", "basedpyright")]

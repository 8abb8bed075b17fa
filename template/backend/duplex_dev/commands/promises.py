"""`poe promises`: the engine's promises on this application, with its states and `may_join`.

Participants talk at random while networks fail and servers are killed, then their records are
checked; afterwards the browser specs in e2e/promises run. `poe promises chaos|browser ARGUMENTS…`
runs one part, with the arguments for pytest or Playwright. It takes minutes.
"""

from duplex_dev.contract import files
from duplex_dev.machine.processes import Step, python_step, run_all

PARTS = ("chaos", "browser")

PROMISES = "backend/duplex_dev/testing/promises"


def main(arguments: list[str]) -> int:
    """Run what the arguments name; returns 0 when every promise was kept."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    files.prepare()
    if not arguments:
        # One after the other: both measure times.
        return run_all([_step(part, []) for part in PARTS], parallel=False)
    part, rest = arguments[0], arguments[1:]
    if part not in PARTS:
        part, rest = "chaos", arguments
    return run_all([_step(part, rest)])


def _step(part: str, rest: list[str]) -> Step:
    if part == "browser":
        return python_step("browser", "duplex_dev", "e2e", "--project=promises", *rest)
    return python_step("chaos", "pytest", *rest, PROMISES)

"""`poe contract`: states -> contract.ts and docs/asyncapi.json, REST routes -> rest.ts."""

import argparse

from duplex_dev.contract import changes, files
from duplex_dev.machine import setup


def main(arguments: list[str]) -> int:
    """Write the files; with `--check` only compare, and fail when one is stale."""
    parser = argparse.ArgumentParser("poe contract", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare, change nothing")
    parser.add_argument("--quiet", action="store_true", help="print only what changed")
    parser.add_argument(
        "--against", metavar="REF", help="list the changes since a git ref that break older pages"
    )
    options = parser.parse_args(arguments)
    if options.against is not None:
        return changes.compare_with(options.against)
    setup.prepare()
    if options.check:
        return files.check()
    files.write(quiet=options.quiet)
    return 0

"""`poe engine-files`: write the hashes of the engine's files.

A release needs them fresh; `tests/template/test_engine_files.py` compares.
"""

import sys

from tools.hashes import LIST, hashes_of
from tools.source import ROOT, committable


def main() -> int:
    """Write the list; returns 0."""
    (ROOT / LIST).write_text(hashes_of(ROOT, committable()), encoding="utf-8", newline="\n")
    print(f"Wrote {LIST}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

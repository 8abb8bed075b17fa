"""What most commands need first: the project set up, and the generated types in place."""

from duplex_dev.contract import files
from duplex_dev.machine import setup


def prepare() -> None:
    """Set the project up, and generate the types where they are missing."""
    setup.prepare()
    if not files.all_present():
        with setup.lock():
            # Another command may have generated them meanwhile.
            if not files.all_present():
                files.write()

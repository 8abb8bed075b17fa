"""The Python processes that the commands start: this interpreter, with backend/ on its path."""

import os
import sys
from collections.abc import Mapping

from duplex_dev.machine.environment import clean
from duplex_dev.paths import BACKEND


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of the project or of its packages."""
    return [sys.executable, "-m", module, *arguments]


def environment(base: Mapping[str, str] | None = None, **extra: str) -> dict[str, str]:
    """The environment for it: `base` (default: this process's own) and `extra`."""
    given = clean(os.environ if base is None else base)
    path = [entry for entry in given.get("PYTHONPATH", "").split(os.pathsep) if entry]
    if str(BACKEND) not in path:
        path.append(str(BACKEND))
    return {**given, "PYTHONPATH": os.pathsep.join(path), **extra}

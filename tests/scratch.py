"""Temporary files of a run, in memory: a disk takes milliseconds for each folder."""

import os
import shutil
import tempfile
from contextlib import suppress
from multiprocessing.util import Finalize
from pathlib import Path

MEMORY = Path("/dev/shm")
"""Linux keeps its files in memory."""
ROOM = 6 * 1024**3
"""Bytes that must be free there: several times what a run needs."""
PREFIX = "duplex-"
LAST = -1000
"""After the folders that multiprocessing removes at the end of the process."""


def use_memory() -> None:
    """Let temporary files of this process and of those that it starts be in memory, where they end
    with it; not where `TMPDIR` says otherwise, nor where there is no room.
    """
    if "TMPDIR" in os.environ or not _has_room():
        return
    for folder in MEMORY.glob(f"{PREFIX}*"):
        if not _runs(folder.name.removeprefix(PREFIX)):
            shutil.rmtree(folder, ignore_errors=True)
    folder = MEMORY / f"{PREFIX}{os.getpid()}"
    folder.mkdir()
    # Root's PostgreSQL runs as a user who has to enter it.
    folder.chmod(0o755)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=LAST)


def _has_room() -> bool:
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM


def _runs(pid: str) -> bool:
    """Whether the run with this number goes on: a killed one left its files."""
    with suppress(ProcessLookupError):
        os.kill(int(pid), 0)
        return True
    return False

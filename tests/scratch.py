"""Temporary files of a run, in memory: a disk takes milliseconds for each folder."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")
"""Linux keeps its files in memory."""
ROOM = 6 * 1024**3
"""Bytes that must be free there: several times what a run needs."""
PREFIX = "duplex-"


@contextmanager
def in_memory() -> Generator[None]:
    """Temporary files of this process and of those that it starts are in memory, and gone at the
    end. Not where `TMPDIR` says otherwise, nor where there is no room.
    """
    if "TMPDIR" in os.environ or not _has_room():
        yield
        return
    for folder in MEMORY.glob(f"{PREFIX}*"):
        if not _runs(folder.name.removeprefix(PREFIX)):
            shutil.rmtree(folder, ignore_errors=True)
    folder = MEMORY / f"{PREFIX}{os.getpid()}"
    # Root's PostgreSQL runs as a user who has to enter it.
    folder.mkdir(mode=0o755)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    try:
        yield
    finally:
        del os.environ["TMPDIR"]
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)


def _has_room() -> bool:
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM


def _runs(pid: str) -> bool:
    """Whether the run with this number goes on: a killed one left its files."""
    with suppress(ProcessLookupError):
        os.kill(int(pid), 0)
        return True
    return False

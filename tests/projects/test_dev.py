"""`poe dev` in a project: a type error is seen where one works, as soon as it is written."""

import queue
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.combos import FULL, Combo
from tests.workshop import Project, Workshop

PATIENCE = 90.0
"""Seconds without an expected line; a good run needs a few of them."""

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """The output of a command, line by line while it runs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._seen: list[str] = []
        threading.Thread(target=self._read, args=[process], daemon=True).start()

    def until(self, pattern: str) -> str:
        """The next line in which this is found."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                line = None
            assert line is not None, f"no {pattern!r} in:\n{self.text()}"
            self._seen.append(line)
            if re.search(pattern, line):
                return line

    def text(self) -> str:
        """The lines that `until` has read so far."""
        return "".join(self._seen)

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.put(COLOURS.sub("", line))
        self._lines.put(None)


def test_the_contract_is_regenerated_and_type_errors_are_shown_at_once(
    workshop: Workshop, deep_combo: Combo, every_combination: bool, alone: bool
) -> None:
    """Once in each run of the suite; not with `--combo`, which should be quick."""
    elsewhere = alone or deep_combo == FULL
    if deep_combo.states != FULL.states or (elsewhere and not every_combination):
        pytest.skip("types are watched alike whatever the states are")
    project = workshop.project(deep_combo)
    copy = workshop.copy(project, "dev")
    watcher = copy / "frontend/src/states/startThings.ts"
    right = watcher.read_text(encoding="utf-8")
    wrong = re.sub(r'label: ".*"', "label: 7", right)
    assert wrong != right
    contract = copy / "frontend/src/api/generated/contract.ts"
    fresh = contract.read_text(encoding="utf-8")
    contract.unlink()
    with developing(project, copy) as terminal:
        terminal.until("Found 0 errors")
        assert contract.read_text(encoding="utf-8") == fresh
        assert "Failed to resolve import" not in terminal.text()
    contract.write_text(fresh + "\n// As another branch had left it.\n", encoding="utf-8")
    with developing(project, copy) as terminal:
        terminal.until("Uvicorn running")
        with (copy / "backend/app/document.py").open("a", encoding="utf-8") as code:
            code.write("\n# Saved while the page's server was still to start.\n")
        terminal.until("Open http")
        assert contract.read_text(encoding="utf-8") == fresh
        terminal.until(r"app/document\.py changed: the API starts again")
        terminal.until("Found 0 errors")
        watcher.write_text(wrong, encoding="utf-8")
        terminal.until("Type 'number' is not assignable to type 'string'")
        terminal.until(r"states/startThings\.ts:\d+:\d+")
        terminal.until("Found [1-9]")
        watcher.write_text(right, encoding="utf-8")
        terminal.until("Found 0 errors")


@contextmanager
def developing(project: Project, folder: Path) -> Generator[Terminal]:
    """`poe dev` in the folder, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [str(project.root / ".venv/bin/python"), "-m", "duplex_dev", "dev"],
        cwd=folder,
        env=project.environment | {"PYTHONPATH": str(folder / "backend"), "PORT": port},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield Terminal(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)

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

import httpx
import pytest

from tests.combos import FULL, Combo
from tests.workshop import Project, Workshop

PATIENCE = 240.0
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

    def shown(self, pattern: str) -> str:
        """The first line in which this is found, read already or not."""
        found = [line for line in self._seen if re.search(pattern, line)]
        return found[0] if found else self.until(pattern)

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
    # Any free port of another address of this machine.
    with developing(project, copy, HOST="127.0.0.2", PORT="0") as terminal:
        terminal.until("Found 0 errors")
        assert_it_serves(terminal.shown("Open http"), "127.0.0.2")
        assert contract.read_text(encoding="utf-8") == fresh
        assert "Failed to resolve import" not in terminal.text()
    contract.write_text(fresh + "\n// As another branch had left it.\n", encoding="utf-8")
    host = "::1" if has_ipv6() else "127.0.0.1"
    with developing(project, copy, HOST=host) as terminal:
        terminal.until("Uvicorn running")
        with (copy / "backend/app/document.py").open("a", encoding="utf-8") as code:
            code.write("\n# Saved while the page's server was still to start.\n")
        assert_it_serves(terminal.until("Open http"), host)
        assert contract.read_text(encoding="utf-8") == fresh
        terminal.until(r"app/document\.py changed: the API starts again")
        terminal.until("Found 0 errors")
        watcher.write_text(wrong, encoding="utf-8")
        terminal.until("Type 'number' is not assignable to type 'string'")
        terminal.until(r"states/startThings\.ts:\d+:\d+")
        terminal.until("Found [1-9]")
        watcher.write_text(right, encoding="utf-8")
        terminal.until("Found 0 errors")


def has_ipv6() -> bool:
    """Whether this machine has the IPv6 loopback address."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def assert_it_serves(line: str, host: str) -> None:
    """The URL in this line has the host, and the page is there."""
    found = re.search(r"http://\S+", line)
    assert found is not None
    url = httpx.URL(found[0])
    assert url.host == host
    assert url.port
    with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as client:
        assert "<script" in client.get("/").text


@contextmanager
def developing(project: Project, folder: Path, **settings: str) -> Generator[Terminal]:
    """`poe dev` in the folder, on a port of its own unless a setting says otherwise."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [str(project.root / ".venv/bin/python"), "-m", "duplex_dev", "dev"],
        cwd=folder,
        env={
            **project.environment,
            "PYTHONPATH": str(folder / "backend"),
            "PORT": port,
            **settings,
        },
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

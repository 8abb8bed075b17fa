"""Warm processes import the application anew, and what goes wrong in them is reported."""

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from duplex_dev.console import TaskError
from duplex_dev.machine import warm
from duplex_dev.machine.warm import CallEnded, WarmPython

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and groups are of POSIX")


def value() -> str:
    """A module that is imported anew in each process."""
    import changing  # pyright: ignore[reportMissingImports] made by the test

    return str(changing.VALUE)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def refuse() -> None:
    raise TaskError("This is refused.")


def leave() -> None:
    sys.exit(3)


def ready_then_slow() -> str:
    """Says through a file that it runs; its result comes after the caller has given up."""
    Path(os.environ["NOTE"]).write_text("ready", encoding="utf-8")
    time.sleep(3)
    return "late" * 100_000


def ready_then_stubborn(note: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(note).write_text("ready", encoding="utf-8")
    signal.pause()


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> WarmPython:
    monkeypatch.setattr(warm, "PRELOADED", ["json"])
    return WarmPython()


async def test_each_call_uses_the_current_code(
    python: WarmPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for number in ("1", "22"):
        (tmp_path / "changing.py").write_text(f"VALUE = {number}\n", encoding="utf-8")
        assert await python.call(value, dict(os.environ)) == number


async def test_an_error_keeps_its_message(python: WarmPython) -> None:
    with pytest.raises(TaskError, match=r"^This is refused\.$"):
        await python.call(refuse, dict(os.environ))


async def test_an_exit_without_a_result_is_reported(python: WarmPython) -> None:
    with pytest.raises(CallEnded):
        await python.call(leave, dict(os.environ))


async def test_a_cancelled_call_ends_its_process_and_prints_nothing(
    python: WarmPython, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    note = tmp_path / "ready"
    os.mkfifo(note)  # reading it waits for the writer
    call = asyncio.create_task(python.call(ready_then_slow, {**os.environ, "NOTE": str(note)}))
    assert await asyncio.to_thread(note.read_text) == "ready"
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not multiprocessing.active_children()
    assert capfd.readouterr().err == ""


async def test_a_module_runs_with_its_environment_and_exit_code(
    python: WarmPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    code = "import os, sys\nsys.exit(int(os.environ['CODE']) + len(sys.argv))\n"
    (tmp_path / "exiting.py").write_text(code, encoding="utf-8")
    process = python.module("It", "exiting", {**os.environ, "CODE": "40"}, "argument")
    await process.start()
    assert await process.wait() == 42
    assert not process.alive


async def test_a_stubborn_process_is_killed(
    python: WarmPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "GRACE", 0.1)
    note = tmp_path / "ready"
    os.mkfifo(note)  # reading it waits for the writer
    process = python.process("It", ready_then_stubborn, (str(note),), dict(os.environ))
    await process.start()
    assert await asyncio.to_thread(note.read_text) == "ready"
    await process.stop()
    assert await process.wait() == -signal.SIGKILL

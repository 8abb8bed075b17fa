"""Every step runs, and the exit code, the marks and the last line agree."""

import asyncio
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from duplex_dev.__main__ import COMMANDS, main
from duplex_dev.commands import checks
from duplex_dev.console import TaskError, no_arguments
from duplex_dev.machine import processes
from duplex_dev.machine.processes import Child, Step, python_step, run_all
from duplex_dev.project import ROOT


def step(name: str, code: str) -> Step:
    return Step(name, [sys.executable, "-c", code])


@pytest.mark.parametrize("parallel", [True, False])
def test_a_failed_step_does_not_hide_the_others(
    parallel: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = [
        step("one", "print('first')"),
        step("two", "import sys; sys.exit('reason')"),
        step("three", "print('third')"),
    ]
    assert run_all(steps, parallel=parallel) == 1
    output = capfd.readouterr()
    lines = output.out.splitlines()
    assert {"first", "third"} <= set(lines)
    assert "reason" in output.out + output.err
    assert any(line.startswith("✗ two failed with exit code 1") for line in lines)
    assert any(line.startswith("✓ three") for line in lines)
    assert lines[-1].startswith("2 of 3 passed")
    assert lines[-1].endswith("failed: two")


def test_all_passed_is_exit_code_zero(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_all([step("one", ""), step("two", "")]) == 0
    assert capfd.readouterr().out.splitlines()[-1].startswith("2 of 2 passed")


MEET = """
import signal, sys
signal.alarm(30)
mine, other = sys.argv[1:]
open(mine, "w").close()  # waits for the reader
open(other).close()
"""

OTHER_MEET = """
import signal, sys
signal.alarm(30)
mine, other = sys.argv[1:]
open(other).close()
open(mine, "w").close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are of POSIX")
def test_steps_run_at_the_same_time(tmp_path: Path) -> None:
    """Each of these two waits for the other one."""
    left, right = tmp_path / "left", tmp_path / "right"
    os.mkfifo(left)
    os.mkfifo(right)
    one = Step("one", [sys.executable, "-c", MEET, str(left), str(right)])
    two = Step("two", [sys.executable, "-c", OTHER_MEET, str(right), str(left)])
    assert run_all([one, two]) == 0


def test_the_output_of_a_step_is_printed_in_one_piece(capfd: pytest.CaptureFixture[str]) -> None:
    chatter = "for n in range(50): print(n, flush=True)"
    run_all([step("one", chatter), step("two", chatter)])
    numbers = [line for line in capfd.readouterr().out.splitlines() if line.isdecimal()]
    assert numbers == [str(n) for n in range(50)] * 2


def test_a_step_that_cannot_be_started_is_named() -> None:
    with pytest.raises(TaskError, match="one cannot be started"):
        run_all([Step("one", ["/nowhere/program"])])


def test_a_python_step_runs_a_module_of_the_project() -> None:
    assert run_all([python_step("one", "duplex_dev", "no-such-command")]) == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["backend tests", "frontend types", "backend types", "frontend tests", "contract"]),
        (["-k", "save"], ["backend tests"]),
        (["backend", "-x"], ["backend tests"]),
        (["frontend"], ["frontend tests"]),
        (["types"], ["frontend types", "backend types"]),
        (["contract"], ["contract"]),
    ],
)
def test_arguments_choose_the_steps(arguments: list[str], expected: list[str]) -> None:
    assert [step.name for step in checks.steps_for(arguments)] == expected


PLAYWRIGHT = """
import os, pathlib
print(pathlib.Path(os.environ["E2E_LOG"]).read_text(encoding="utf-8"))
print("1 failed")
raise SystemExit(3)
"""


def test_the_list_of_failures_is_the_last_that_e2e_prints(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The server's log is given to the tests: a failed one keeps it."""
    log = tmp_path / "server.log"
    log.write_text("an error of the server", encoding="utf-8")
    server = SimpleNamespace(url="http://127.0.0.1:9", log=log, log_end=log.read_text)

    def running(*_: object) -> nullcontext[SimpleNamespace]:
        return nullcontext(server)

    def tool(*_: object) -> list[str]:
        return [sys.executable, "-c", PLAYWRIGHT]

    monkeypatch.delenv("E2E_URL", raising=False)
    monkeypatch.setattr(checks, "prepare", bool)
    monkeypatch.setattr(checks.setup, "build_frontend", bool)
    monkeypatch.setattr(checks.WarmPython, "start", bool)
    monkeypatch.setattr(checks, "running", running)
    monkeypatch.setattr(checks.node, "find_browser", bool)
    monkeypatch.setattr(checks.node, "tool", tool)
    assert checks.e2e([]) == 3
    output = capfd.readouterr()
    assert output.out.splitlines()[-2:] == ["an error of the server", "1 failed"]
    assert output.err == ""


def test_the_checks_start_without_the_engine() -> None:
    """Importing it takes a second. The browser tests fork their server from another process."""
    program = "import sys, duplex_dev.commands.checks; print('duplex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


def test_fmt_and_lint_skip_the_engine() -> None:
    lines = [" ".join(one.command) for one in checks.lint_steps(engine=False)]
    assert any("--ignore-pattern src/duplex/**" in line for line in lines)
    assert any("!src/duplex/**" in line for line in lines)
    assert not any("backend/duplex" in line for line in lines)
    whole = [" ".join(one.command) for one in checks.lint_steps(engine=True)]
    assert any("basedpyright backend/duplex backend/duplex_dev" in line for line in whole)


def test_unused_arguments_are_refused() -> None:
    with pytest.raises(TaskError, match="poe test types"):
        checks.steps_for(["types", "-x"])
    with pytest.raises(TaskError, match="--fast"):
        no_arguments("lint", ["--fast"])


def test_commands_and_poe_tasks_correspond() -> None:
    text = (ROOT / "pyproject.toml.jinja").read_text(encoding="utf-8")
    tasks = {
        line.split(".")[3].rstrip("]") for line in text.splitlines() if "[tool.poe.tasks." in line
    }
    assert tasks == set(COMMANDS)


def test_an_unknown_command_lists_the_known_ones(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "add-state" in capfd.readouterr().err


PRINTS = """\
import sys
from duplex_dev.__main__ import COMMANDS, main
COMMANDS["talk"] = "builtins:print"
sys.exit(main(["talk", "a line"]))
"""


def test_a_reader_that_has_read_enough_gets_no_traceback() -> None:
    """As in `uv run poe load | head -3`."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as output:
        command = [sys.executable, "-c", PRINTS]
        ended = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 1
    assert ended.stderr == b""


PARENT = """
import subprocess, sys
waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
child = subprocess.Popen(waits, stdin=subprocess.PIPE)
print(child.pid, file=open(sys.argv[1], "w"), flush=True)
child.wait()
"""

STUBBORN = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", file=open(sys.argv[1], "w"), flush=True)
signal.pause()
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="process groups are of POSIX")


async def started(source: str, note: Path) -> tuple[Child, str]:
    """A child that runs the source, and the note it writes when it is ready."""
    os.mkfifo(note)  # reading it waits for the writer
    command = [sys.executable, "-c", source, str(note)]
    child = Child("The child", command, folder=note.parent, environment={"PATH": ""})
    await child.start()
    return child, await asyncio.to_thread(note.read_text)


@posix
async def test_stopping_a_child_stops_its_children(tmp_path: Path) -> None:
    child, note = await started(PARENT, tmp_path / "note")
    grandchild = psutil.Process(int(note))
    await child.stop()
    assert not child.alive
    psutil.wait_procs([grandchild], timeout=10)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


@posix
async def test_a_stubborn_child_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.1)
    child, _ = await started(STUBBORN, tmp_path / "note")
    await child.stop()
    assert await child.wait() == -9


async def test_a_child_that_was_not_started_can_be_stopped(tmp_path: Path) -> None:
    child = Child("The child", ["nothing"], folder=tmp_path, environment={})
    await child.stop()
    assert not child.alive

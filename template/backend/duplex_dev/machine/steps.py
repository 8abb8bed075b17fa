"""Several checks in a row: all of them run, each says how it ended, the last line sums up."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from duplex_dev.console import TaskError, complain
from duplex_dev.machine import node, python
from duplex_dev.paths import ROOT


@dataclass(frozen=True, slots=True)
class Step:
    """A named check; `run` returns an exit code."""

    name: str
    run: Callable[[], int]


def python_module(module: str, *arguments: str) -> Callable[[], int]:
    """A check that is a Python module's command, run in the project's root."""

    def run() -> int:
        command = python.command(module, *arguments)
        done = subprocess.run(command, cwd=ROOT, env=python.environment(), check=False)
        return done.returncode

    return run


def npm_script(name: str, *arguments: str) -> Callable[[], int]:
    """A check that is one of package.json's scripts."""
    return lambda: node.run(node.script(name, *arguments))


def run_all(steps: list[Step]) -> int:
    """Run every step, whatever the others say; returns 1 when one failed, else 0."""
    failed: list[str] = []
    began = time.monotonic()
    for step in steps:
        print(f"\n── {step.name} ──", flush=True)
        start = time.monotonic()
        code = _outcome(step)
        seconds = f"{time.monotonic() - start:.1f} s"
        if code:
            failed.append(step.name)
            print(f"✗ {step.name} failed with exit code {code} ({seconds})", flush=True)
        else:
            print(f"✓ {step.name} ({seconds})", flush=True)
    total = f"{time.monotonic() - began:.1f} s"
    passed = f"{len(steps) - len(failed)} of {len(steps)} passed in {total}"
    print(f"\n{passed}; failed: {', '.join(failed)}" if failed else f"\n{passed}", flush=True)
    return 1 if failed else 0


def _outcome(step: Step) -> int:
    try:
        return step.run()
    except TaskError as error:
        complain(str(error))
        return 1

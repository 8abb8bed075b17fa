"""The checks of a project: `poe test`, `e2e` and `promises` run tests, `lint` and `fmt` linters."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from duplex_dev.console import TaskError, no_arguments, say
from duplex_dev.contract.files import prepare
from duplex_dev.machine import node, setup
from duplex_dev.machine.processes import Step, npm_step, python_step, run_all
from duplex_dev.machine.temporary import running
from duplex_dev.machine.warm import WarmPython
from duplex_dev.project import BACKEND, ENGINE

TEST_HELP = """\
`poe test`: contract freshness, backend and frontend tests, types of both sides.

`poe test` runs everything, as many parts at the same time as the machine has cores. `poe test
backend|frontend|types|contract ARGUMENTS…` runs one part, with the arguments for pytest or Vitest;
any other arguments go to pytest alone: `poe test -k save`."""

TEST_PARTS = ("backend", "types", "frontend", "contract")
"""Long parts first, so that a short one ends last."""


def test(arguments: list[str]) -> int:
    """Run the parts that the arguments name; returns 0 when all of them passed."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(TEST_HELP)
        return 0
    prepare()
    return run_all(steps_for(arguments))


def steps_for(arguments: list[str]) -> list[Step]:
    """The steps for these arguments."""
    if not arguments:
        return [step for part in TEST_PARTS for step in _test_steps(part, [])]
    part, rest = arguments[0], arguments[1:]
    if part not in TEST_PARTS:
        part, rest = "backend", arguments
    if rest and part not in ("backend", "frontend"):
        raise TaskError(f"`poe test {part}` takes no arguments, but got: {' '.join(rest)}")
    return _test_steps(part, rest)


def _test_steps(part: str, rest: list[str]) -> list[Step]:
    match part:
        case "contract":
            return [python_step("contract", "duplex_dev", "contract", "--check")]
        case "backend":
            return [python_step("backend tests", "pytest", *rest)]
        case "frontend":
            return [npm_step("frontend tests", "test", *rest)]
        case _:
            return types()


def types() -> list[Step]:
    """The type checkers of both sides."""
    return [npm_step("frontend types", "types"), python_step("backend types", "basedpyright")]


QUICK_PASSWORDS = "duplex_dev.testing.accounts.quick_passwords"
"""Only in projects with passwords."""

ROOMY = {
    "SESSION_RATE": "1000/s",
    "SESSION_MAX_PER_USER": "1000",
    "SESSION_MAX_PER_ADDRESS": "1000",
}
"""All the browsers of a test run come from one address."""


def e2e(arguments: list[str]) -> int:
    """Playwright's tests in a real browser against a real server; returns Playwright's exit code.

    Arguments go to Playwright: `poe e2e session.spec.ts --headed`. E2E_URL=https://… tests a server
    that runs already instead of starting one.
    """
    url = os.environ.get("E2E_URL", "").strip()
    if not url:
        # It imports the engine while this process builds the page.
        WarmPython().start()
    prepare()
    chromium = node.find_browser()
    say(f"Browser: {chromium or 'the one of Playwright'}")
    if url:
        return _playwright(arguments, _where(url, chromium))
    setup.build_frontend()
    with running(ROOMY, _module()) as server:
        say(f"Server: {server.url}")
        # Tests that kill and restart a server start one of their own, with this Python. A failed
        # test keeps the server's log with its other files: the list of failures is printed last.
        more = {"E2E_PYTHON": sys.executable, "E2E_LOG": str(server.log)}
        return _playwright(arguments, _where(server.url, chromium) | more)


def _module() -> str:
    """The module that serves the application."""
    there = (BACKEND / f"{QUICK_PASSWORDS.replace('.', '/')}.py").is_file()
    return QUICK_PASSWORDS if there else "app"


def _where(url: str, chromium: Path | None) -> dict[str, str]:
    return {"BASE_URL": url} | ({"CHROMIUM_PATH": str(chromium)} if chromium else {})


def _playwright(arguments: list[str], environment: Mapping[str, str]) -> int:
    if not any(argument.startswith("--project") for argument in arguments):
        # The other one has the engine's promises: `poe promises` runs them.
        arguments = ["--project=application", *arguments]
    return node.run(node.tool("@playwright/test/cli.js", "test", *arguments), **environment)


PROMISES_HELP = """\
`poe promises`: the engine's promises on this application, with its states and `may_join`.

Participants talk at random while networks fail and servers are killed, then their records are
checked; afterwards the browser specs in e2e/promises run. `poe promises chaos|browser ARGUMENTS…`
runs one part, with the arguments for pytest or Playwright. It takes minutes."""

PROMISE_PARTS = ("chaos", "browser")

PROMISES = "backend/duplex_dev/testing/promises"


def promises(arguments: list[str]) -> int:
    """Run the parts in the arguments; returns 0 when every promise was kept."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(PROMISES_HELP)
        return 0
    prepare()
    if not arguments:
        # One after the other: both measure times.
        return run_all([_promise_step(part, []) for part in PROMISE_PARTS], parallel=False)
    part, rest = arguments[0], arguments[1:]
    if part not in PROMISE_PARTS:
        part, rest = "chaos", arguments
    return run_all([_promise_step(part, rest)])


def _promise_step(part: str, rest: list[str]) -> Step:
    if part == "browser":
        return python_step("browser", "duplex_dev", "e2e", "--project=promises", *rest)
    return python_step("chaos", "pytest", *rest, PROMISES)


LINT_HELP = """\
`poe lint`: linters, formatting and strict types of both sides; changes nothing.

The engine's folders are only checked for edits; --engine checks their code as well."""

PAGE_ENGINE = "src/duplex/**"

PYTHON_ENGINE = [folder for folder in ENGINE if folder.startswith("backend/")]


def lint(arguments: list[str]) -> int:
    """Run all checks, also after one has failed."""
    parser = argparse.ArgumentParser("poe lint", description=LINT_HELP)
    parser.add_argument(
        "--engine", action="store_true", help="check the engine's code too, as Duplex itself does"
    )
    options = parser.parse_args(arguments)
    prepare()
    return run_all(lint_steps(engine=options.engine))


def lint_steps(*, engine: bool) -> list[Step]:
    """The checks, long ones first."""
    python = ["backend", *(PYTHON_ENGINE if engine else [])]
    return [
        npm_step("eslint", "lint", *([] if engine else ["--ignore-pattern", PAGE_ENGINE])),
        *types(),
        *([python_step("engine types", "basedpyright", *PYTHON_ENGINE)] if engine else []),
        npm_step("prettier", "format:check", *([] if engine else [f"!{PAGE_ENGINE}"])),
        python_step("ruff check", "ruff", "check", *python),
        python_step("ruff format", "ruff", "format", "--check", *python),
        python_step("engine files", "duplex_dev.update.engine_files"),
    ]


def fmt(arguments: list[str]) -> int:
    """Format everything except the engine; fails when a linter cannot fix its findings."""
    no_arguments("fmt", arguments)
    setup.prepare()
    # One after the other: each step changes the files that the next one reads.
    return run_all(
        [
            # Before the check, which reports lines that the formatter breaks, and after its fixes.
            python_step("ruff format", "ruff", "format", "--quiet", "backend"),
            python_step("ruff check --fix", "ruff", "check", "--fix", "backend"),
            python_step("ruff format", "ruff", "format", "backend"),
            npm_step("eslint --fix", "lint", "--fix", "--ignore-pattern", PAGE_ENGINE),
            npm_step("prettier --write", "format", f"!{PAGE_ENGINE}"),
        ],
        parallel=False,
    )

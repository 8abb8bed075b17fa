"""`poe e2e`: the Playwright tests in a real browser against a real server of this app.

Arguments go to Playwright: `poe e2e session.spec.ts --headed`. E2E_URL=https://… tests a server
that runs already instead of starting one.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from duplex_dev.console import complain, say
from duplex_dev.contract.files import prepare
from duplex_dev.machine import browser, node, setup
from duplex_dev.machine.temporary import running

ROOMY = {
    "SESSION_RATE": "1000/s",
    "SESSION_MAX_PER_USER": "1000",
    "SESSION_MAX_PER_ADDRESS": "1000",
}
"""All the browsers of a test run come from one address."""


def main(arguments: list[str]) -> int:
    """Run the tests; returns Playwright's exit code."""
    prepare()
    chromium = browser.find()
    say(f"Browser: {chromium or 'the one of Playwright'}")
    url = os.environ.get("E2E_URL", "").strip()
    if url:
        return _playwright(arguments, _where(url, chromium))
    setup.build_frontend()
    with running(ROOMY) as server:
        say(f"Server: {server.url}")
        # Tests that kill and restart a server start one of their own, with this Python.
        own = {"E2E_PYTHON": sys.executable}
        code = _playwright(arguments, _where(server.url, chromium) | own)
        if code:
            complain(f"Playwright ended with exit code {code}. The server's log ends with:")
            print(server.log_end())
        return code


def _where(url: str, chromium: Path | None) -> dict[str, str]:
    return {"BASE_URL": url} | ({"CHROMIUM_PATH": str(chromium)} if chromium else {})


def _playwright(arguments: list[str], environment: Mapping[str, str]) -> int:
    if not any(argument.startswith("--project") for argument in arguments):
        # The other one has the engine's promises: `poe promises` runs them.
        arguments = ["--project=application", *arguments]
    return node.run(node.tool("@playwright/test/cli.js", "test", *arguments), **environment)

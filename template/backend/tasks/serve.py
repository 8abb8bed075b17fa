"""`poe serve`: page, API and socket on one port, as in production but on this machine."""

import os
import subprocess
import sys

from tasks import python, setup
from tasks.console import no_arguments, say
from tasks.paths import ROOT
from tasks.ports import must_be_free


def main(arguments: list[str]) -> int:
    """Build and migrate what is stale, then become the server; HOST and PORT are settings."""
    from app.settings import load

    no_arguments("serve", arguments)
    setup.prepare()
    settings = load()
    must_be_free(settings.host, settings.port)
    setup.build_frontend()
    setup.migrate()
    command = python.command("app")
    say(f"Starting on http://{settings.host}:{settings.port} (Ctrl-C ends it)")
    os.chdir(ROOT)
    os.environ.update(python.environment())
    if os.name != "nt":
        # The server takes this process's place: signals reach it without a middleman.
        os.execv(sys.executable, command)
    return subprocess.run(command, check=False).returncode

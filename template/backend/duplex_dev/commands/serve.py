"""`poe serve`: page, API and socket on one port, as in production but on this machine."""

import os
import subprocess
import sys

from duplex_dev.console import no_arguments, say
from duplex_dev.contract.files import prepare
from duplex_dev.machine import processes, setup
from duplex_dev.machine.network import free_port, must_be_free, url_of
from duplex_dev.paths import ROOT
from duplex_dev.project import load_settings


def main(arguments: list[str]) -> int:
    """Build and migrate what is stale, then become the server; HOST and PORT are settings."""
    no_arguments("serve", arguments)
    prepare()
    settings = load_settings()
    must_be_free(settings.host, settings.port)
    port = settings.port or free_port(settings.host)
    setup.build_frontend()
    setup.migrate()
    command = processes.python_command("app")
    say(f"Starting on {url_of(settings.host, port)} (Ctrl-C ends it)")
    os.chdir(ROOT)
    os.environ.update(processes.python_environment(PORT=str(port)))
    if os.name != "nt":
        # The server takes this process's place, so signals reach it directly.
        os.execv(sys.executable, command)
    return subprocess.run(command, check=False).returncode

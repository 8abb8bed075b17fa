"""`python -m duplex_dev.testing.server OPTIONS`: a server for one browser test.

OPTIONS is a JSON object: `settings` (name -> value), `valkey` (whether sessions are kept in a
Valkey of its own, which outlives the server) and `module` (what to run instead of `app`). Each
line of standard input is a command: `kill`, `stop` or `start`. Each line of standard output says
that one is done, as a JSON object; the first one has the server's `url`. The program ends with its
input.
"""

import json
import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ConfigDict

from duplex_dev.machine.temporary import running
from duplex_dev.testing.servers import Valkey


class Options(BaseModel):
    """See the module."""

    model_config = ConfigDict(extra="forbid")

    settings: dict[str, str] = {}
    valkey: bool = False
    module: str = "app"


def main(text: str) -> None:
    """Serve, and obey until the input ends."""
    # Whatever else is printed, here or by a child, goes to the errors.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    options = Options.model_validate_json(text)
    with (
        broker(wanted=options.valkey) as broker_settings,
        running(options.settings | broker_settings, options.module) as server,
    ):
        commands = {"kill": server.kill, "stop": server.stop, "start": server.start}
        say(answers, {"url": server.url})
        for line in sys.stdin:
            commands[line.strip()]()
            say(answers, {"done": line.strip()})


@contextmanager
def broker(*, wanted: bool) -> Generator[dict[str, str]]:
    """The settings that have sessions kept outside of the server, if that is wanted."""
    if not wanted:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="valkey-") as name:
        valkey = Valkey(Path(name))
        valkey.start()
        try:
            yield {"BROKER_URL": valkey.url}
        finally:
            valkey.kill()


def say(answers: TextIO, what: dict[str, str]) -> None:
    """One line for the test."""
    print(json.dumps(what), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

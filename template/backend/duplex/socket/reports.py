"""Log lines that clients cause: at most one a second, so that they fill no disk."""

import logging
import time


class Reports:
    """Writes warnings to a logger at most once a second, with the number of omitted ones."""

    def __init__(self, logger: logging.Logger, interval: float = 1.0) -> None:
        self._logger = logger
        self._interval = interval
        self._next = 0.0
        self._left_out = 0

    def warn(self, message: str, *values: object) -> None:
        """Write a line; values come from clients and are quoted and cut by `%.200r`, not here."""
        now = time.monotonic()
        if now < self._next:
            self._left_out += 1
            return
        self._next = now + self._interval
        if self._left_out:
            message, values = f"{message} (%d more not shown)", (*values, self._left_out)
            self._left_out = 0
        self._logger.warning(message, *values)

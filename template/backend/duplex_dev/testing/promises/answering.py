"""`python -m duplex_dev.testing.promises.answering`: serves the application with one more state.

`promiseAnswer` streams to its sender alone. The browser's promises reload the page in mid-answer.
"""

import asyncio
from collections.abc import AsyncIterator
from unittest.mock import patch

from pydantic import BaseModel

from duplex import Model, Session, server, state
from duplex.requests.registry import Registry, discover
from duplex.web import application
from duplex_dev.project import load_settings

PIECES = 40
PAUSE = 0.1
"""Seconds between two pieces: a browser has reloaded its page before the last one."""


class Piece(Model):
    """One part of the answer."""

    number: int


@state("promiseAnswer", to="sender")
async def promise_answer(session: Session[BaseModel]) -> AsyncIterator[Piece]:
    """Count slowly."""
    for number in range(PIECES):
        yield Piece(number=number)
        await asyncio.sleep(PAUSE)


def discover_and_add(package: str) -> Registry:
    """The states of the application and the additional one."""
    found = discover(package)
    return Registry([*found.values(), *found.events.values(), promise_answer])


if __name__ == "__main__":
    with patch.object(application, "discover", discover_and_add):
        server.run("app.main:create_app", load_settings())

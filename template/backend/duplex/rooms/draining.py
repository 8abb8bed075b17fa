"""Disconnects all participants before the server stops, spread over a time window."""

import asyncio
import random
from collections.abc import Awaitable
from typing import Final

from duplex.rooms.rooms import Rooms
from duplex.socket.connection import Connection
from duplex.socket.sockets import Sockets
from duplex.wire.entries import Frame
from duplex.wire.messages import notice
from duplex.wire.protocol import Close

_SPREAD: Final = 0.9
"""Part of the window in which connections are closed; the rest is for requests to finish."""

PATIENCE: Final = 2.0
"""Seconds before the end of the window at which streams are interrupted. They have as much time to
end in a shorter window too.
"""

CLOSING: Final = 5.0
"""Maximum time, in seconds, that the closing of the last connections takes after the window."""


async def drain(sockets: Sockets, rooms: Rooms) -> None:
    """Announce the end, close each connection at a random moment of SESSION_DRAIN, and wait until
    all have ended.
    """
    within = sockets.options.drain
    loop = asyncio.get_running_loop()
    begin = loop.time()
    end = begin + within
    interrupt = end - min(PATIENCE, within * (1 - _SPREAD))
    sockets.broadcast(Frame(notice("draining", {"within": within})))
    closing = [
        loop.create_task(_close(connection, begin + random.uniform(0, within * _SPREAD), interrupt))
        for connection in sockets
    ]
    await asyncio.gather(*closing)
    await _finish(rooms, end)
    for connection in sockets:
        connection.close(Close.RESTART, "The server is shutting down.")
    patience = min(CLOSING, sockets.options.write_timeout)
    if not await _until(loop.time() + patience, sockets.empty.wait()):
        for connection in sockets:
            connection.transport.abort()


async def _close(connection: Connection, at: float, end: float) -> None:
    """Close a connection at its time, or later when its requests are done, but not after `end`."""
    await asyncio.sleep(at - asyncio.get_running_loop().time())
    participant = connection.participant
    if participant is None or await _until(end, participant.finished()):
        connection.close(
            Close.DRAINING, "The server is shutting down; resume to continue elsewhere."
        )


async def _finish(rooms: Rooms, end: float) -> None:
    """Stop the remaining streams, also of participants without a connection, and wait until their
    ends are committed. Other requests have time until `end`.
    """
    members = list(rooms.members())
    patience = max(end - asyncio.get_running_loop().time(), PATIENCE)
    await asyncio.gather(
        *(member.end_streams("interrupted", patience) for member in members),
        *(_until(end, member.finished()) for member in members),
    )


async def _until(end: float, waiting: Awaitable[object]) -> bool:
    """Wait, but not longer than until `end`. Whether there was no need to wait longer."""
    try:
        async with asyncio.timeout_at(end):
            await waiting
    except TimeoutError:
        return False
    return True

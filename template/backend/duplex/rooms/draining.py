"""Disconnects all participants before the server stops, spread over a time window."""

import asyncio
import random

from duplex.rooms.rooms import Rooms
from duplex.socket.connection import Connection
from duplex.socket.sockets import Sockets
from duplex.wire.entries import Frame
from duplex.wire.messages import notice
from duplex.wire.protocol import Close

_SPREAD = 0.9
"""Part of the window in which connections are closed; the rest is for requests to finish."""


async def drain(sockets: Sockets, rooms: Rooms) -> None:
    """Announce the end, close each connection at a random moment of SESSION_DRAIN, and wait until
    all have ended.
    """
    within = sockets.options.drain
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    sockets.broadcast(Frame(notice("draining", {"within": within})))
    closing = [
        loop.create_task(_close(connection, loop.time() + random.uniform(0, within * _SPREAD), end))
        for connection in sockets
    ]
    await asyncio.gather(*closing)
    await _interrupt_streams(rooms, sockets.options.write_timeout)
    for connection in sockets:
        connection.close(Close.RESTART, "The server is shutting down.")
    try:
        async with asyncio.timeout(sockets.options.write_timeout):
            await sockets.empty.wait()
    except TimeoutError:
        for connection in sockets:
            connection.transport.abort()


async def _close(connection: Connection, at: float, end: float) -> None:
    """Close a connection at its time, or later when its requests are done, but not after `end`."""
    await asyncio.sleep(at - asyncio.get_running_loop().time())
    if connection.participant is not None:
        try:
            async with asyncio.timeout_at(end):
                await connection.participant.finished()
        except TimeoutError:
            return
    connection.close(Close.DRAINING, "The server is shutting down; resume to continue elsewhere.")


async def _interrupt_streams(rooms: Rooms, patience: float) -> None:
    """Stop the remaining streams, also of participants without a connection, and wait until their
    ends are committed.
    """
    await asyncio.gather(
        *(member.end_streams("interrupted", patience) for member in rooms.members())
    )

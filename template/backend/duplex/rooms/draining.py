"""Sending everybody away in good order, because the server wants to stop."""

import asyncio
import random
from typing import TYPE_CHECKING

from duplex.socket.connection import Connection, Phase
from duplex.wire import protocol
from duplex.wire.frames import Frame
from duplex.wire.protocol import Close

if TYPE_CHECKING:
    from duplex.rooms.engine import Engine


async def send_away(engine: "Engine") -> None:
    """Tell everybody, close each at a random moment of SESSION_DRAIN, wait until all are gone."""
    within = engine.options.drain
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    notice = Frame(protocol.notice("draining", {"within": within}))
    going: list[asyncio.Task[None]] = []
    for one in list(engine.connections):
        if one.phase is Phase.OPEN:
            one.push(notice)
        # Not the last tenth: whoever still works then has that time to finish.
        at = loop.time() + random.uniform(0, within * 0.9)
        going.append(loop.create_task(_retire(one, at, end)))
    await asyncio.gather(*going)
    await _interrupt_streams(engine)
    for one in list(engine.connections):
        one.close(Close.RESTART, "The server is leaving.")
    try:
        async with asyncio.timeout(engine.options.write_timeout):
            await engine.nobody.wait()
    except TimeoutError:
        for one in list(engine.connections):
            one.transport.abort()


async def _retire(one: Connection, at: float, end: float) -> None:
    """Close a connection at its time, or when its requests are done, at the latest at `end`."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(at - loop.time())
    if one.member is not None:
        try:
            async with asyncio.timeout_at(end):
                await one.member.finished()
        except TimeoutError:
            return
    one.close(Close.DRAINING, "The server is leaving; resume elsewhere.")


async def _interrupt_streams(engine: "Engine") -> None:
    """End what would go on for ever, also of those whose connection is gone: all are told."""
    members = [member for room in engine.rooms.values() for member in room.members.values()]
    ending = [task for member in members for task in member.end_streams("interrupted")]
    if ending:
        await asyncio.wait(ending, timeout=engine.options.write_timeout)

"""Sending everybody away in good order, because the server wants to stop."""

import asyncio
import random
from typing import TYPE_CHECKING

from app.session import protocol
from app.session.connection import Connection, Phase
from app.session.frame import Frame
from app.session.protocol import Close

if TYPE_CHECKING:
    from app.session.engine import Engine


async def send_away(engine: "Engine") -> None:
    """Tell everybody, close each at a random moment of SESSION_DRAIN, wait until all are gone."""
    within = engine.settings.session_drain
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
    for one in list(engine.connections):
        one.close(Close.RESTART, "The server is leaving.")
    try:
        async with asyncio.timeout(engine.settings.session_write_timeout):
            await engine.nobody.wait()
    except TimeoutError:
        for one in list(engine.connections):
            one.transport.abort()


async def _retire(one: Connection, at: float, end: float) -> None:
    """Close a connection at its time, or when its requests are done, at the latest at `end`."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(at - loop.time())
    if one.member is not None and one.member.working:
        try:
            async with asyncio.timeout_at(end):
                await one.member.settled()
        except TimeoutError:
            return
    one.close(Close.DRAINING, "The server is leaving; resume elsewhere.")

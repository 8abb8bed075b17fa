"""Many who come to one session at the same moment, through a real Valkey."""

import asyncio

from tests.session.brokers.support import Valkey
from tests.session.states import Gates, states
from tests.session.support import PATIENCE, Settings, make_engine, serving


async def test_a_crowd_that_comes_at_once_is_let_in_and_sees_everybody(
    valkey: Valkey, gates: Gates
) -> None:
    settings = Settings(broker_url=valkey.url)
    async with serving(make_engine(states(gates), settings)) as server:
        async with asyncio.timeout(PATIENCE):
            crowd = await asyncio.gather(*(server.client(session="crowd") for _ in range(100)))
        for client in crowd:
            known = {one["participant"] for one in client.initialised["participants"]}
            seen = client.initialised["seq"]
            for frame in await client.quiet():
                assert (frame["state"], frame["seq"]) == ("joined", seen + 1)
                known.add(frame["data"]["participant"])
                seen += 1
            assert known == {other.participant for other in crowd}
        await asyncio.gather(*(client.close() for client in crowd))

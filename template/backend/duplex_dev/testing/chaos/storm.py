"""A network that fails at random."""

import asyncio
from random import Random

from duplex_dev.testing.network import Proxy


async def storm(network: Proxy, chance: Random, seconds: float) -> list[str]:
    """Cut, break, stall and slow a network for a while, then mend it; what was done to it."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    done: list[str] = []
    try:
        while loop.time() < end:
            what = chance.choice(["cut", "snap", "stall", "slow", "calm"])
            lasts = chance.uniform(0.02, 0.3)
            done.append(f"{what} {lasts:.2f}")
            if what == "cut":
                network.cut()
            elif what == "snap":
                network.snap()
            elif what == "stall":
                # Now and then longer than anybody waits.
                lasts *= chance.choice([1, 1, 4])
                network.stall()
            elif what == "slow":
                network.delay = chance.uniform(0.01, 0.15)
            await asyncio.sleep(lasts)
            calm(network)
    finally:
        calm(network)
    return done


def calm(network: Proxy) -> None:
    """Everything gets through at once again."""
    network.mend()
    network.flow()
    network.delay = 0.0

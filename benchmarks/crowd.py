"""Many participants join one room on one worker: how long it takes, and how much is sent.

`uv run --group bench python benchmarks/crowd.py [--participants 10000] [--broker redis]`. The
server is a process of its own; this one holds the clients and counts every byte that they receive.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections import Counter
from contextlib import ExitStack

from floods import PREPARED
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from servers import serving
from store import valkey_server

AT_ONCE = 100
"""Clients that connect at the same time."""


class Guest(WSListener):
    """A participant that says hello and counts what it gets."""

    def __init__(self, counts: Counter[str], session: str) -> None:
        self._counts = counts
        self._session = session
        self.total = 0
        self.opened = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Say hello."""
        hello = json.dumps({"session": self._session, "name": "Guest"})
        transport.send(WSMsgType.TEXT, hello.encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count one frame."""
        if frame.msg_type != WSMsgType.TEXT:
            return
        payload = frame.get_payload_as_bytes()
        state = payload[10 : payload.index(b'"', 10)].decode()
        self._counts["bytes"] += len(payload)
        self._counts[f"{state} bytes"] += len(payload)
        self._counts[state] += 1
        if state == "initialised" and not self.opened.done():
            self.total = json.loads(payload)["data"]["participants_total"]
            self.opened.set_result(None)
        elif state == "presence":
            self.total = json.loads(payload)["data"]["total"]

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The server ended the connection."""
        if not self.opened.done():
            self.opened.set_exception(RuntimeError("the connection was ended before it was open"))


async def crowd(url: str, participants: int) -> dict[str, float]:
    """Let everybody join; wait until everybody knows the number."""
    counts: Counter[str] = Counter()
    guests: list[Guest] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def join() -> WSTransport:
        async with gate:
            transport, guest = await ws_connect(lambda: Guest(counts, "crowd"), url)
            guests.append(guest)
            await guest.opened
            return transport

    began = time.perf_counter()
    transports = await asyncio.gather(*(join() for _ in range(participants)))
    joined = time.perf_counter() - began
    while any(guest.total != participants for guest in guests):
        await asyncio.sleep(0.05)
    known = time.perf_counter() - began
    for transport in transports:
        transport.disconnect()
    megabytes = {
        name: counts[f"{name} bytes"] / 1e6 for name in ("initialised", "presence", "joined")
    }
    return {
        "participants": participants,
        "seconds until all have joined": joined,
        "seconds until all know the number": known,
        "MB sent in all": counts["bytes"] / 1e6,
        **{f"MB of {name}": value for name, value in megabytes.items()},
        "announcements to the first": (counts["presence"] + counts["joined"]) / participants,
    }


async def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=10_000)
    parser.add_argument("--broker", choices=("memory", "redis"), default="memory")
    parser.add_argument("--minutes", type=float, default=5.0)
    wanted = parser.parse_args()
    # The server keeps 500 files for other purposes.
    most = wanted.participants + 700
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < most:
        sys.exit(f"{wanted.participants} participants need {most} open files (ulimit -n)")
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    )
    with ExitStack() as stack:
        env: dict[str, str] = {}
        if wanted.broker == "redis":
            env["BENCH_BROKER"] = stack.enter_context(valkey_server())[0]
        running = stack.enter_context(serving(PREPARED, env=env))
        async with asyncio.timeout(60 * wanted.minutes):
            found = await crowd(f"ws://127.0.0.1:{running.ports[0]}/socket", wanted.participants)
        found["server CPU seconds"] = running.cpu()
        found["server MiB"] = running.rss() / 2**20
    for name, value in found.items():
        print(f"{name:36} {value:10.1f}")


if __name__ == "__main__":
    asyncio.run(main())

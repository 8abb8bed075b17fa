"""Compare in one run: the engine, a bare socket, the guide's endpoint, the usual room, picows.

`python benchmarks/run.py [--rounds 3] [--only echo,fanout]`. Rounds are interleaved and each has a
fresh server process, pinned to core 0; numbers are server CPU per message (request and reply, or
one delivery), medians of the rounds. Only ratios of one run mean anything on a shared machine.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from client import Client, connect, connect_many, fan_out, request_reply
from servers import FAST, duplex, serving, uvicorn
from store import valkey_server

HELLO: dict[str, object] = {"session": "bench"}
PAYLOAD = "x" * 160

DUPLEX = [*uvicorn("duplex_app:create_app", "--factory", *FAST)]
PREPARED = duplex()
ECHOES = {
    "bare FastAPI echo": (uvicorn("peers.bare:app", *FAST), "/echo", None),
    "the guide's endpoint, uvicorn's defaults": (
        uvicorn("peers.guide:app", "--loop", "asyncio"),
        "/echo",
        None,
    ),
    "the guide's endpoint, sansio + uvloop": (uvicorn("peers.guide:app", *FAST), "/echo", None),
    "Duplex, any ASGI server": (DUPLEX, "/socket", {}),
    "Duplex": (PREPARED, "/socket", {}),
}
ROOMS = {
    "send_json loop": (uvicorn("peers.bare:app", *FAST), "/room", None),
    "picows": (["-m", "peers.picows_room", "{port}"], "/", None),
    "Duplex, any ASGI server": (DUPLEX, "/socket", HELLO),
    "Duplex": (PREPARED, "/socket", HELLO),
}


def numbered(name: str) -> Callable[[int], bytes]:
    return lambda n: json.dumps({"state": name, "data": {"text": PAYLOAD}, "id": f"r{n}"}).encode()


async def settle(clients: list[Client]) -> None:
    """Wait until nobody has received anything for a tenth of a second (all receive each join)."""
    before = -1
    while before != (before := sum(client.seen for client in clients)):
        await asyncio.sleep(0.1)


async def echo_cost(name: str, messages: int) -> float:
    command, path, hello = ECHOES[name]
    with serving(command) as server:
        clients = await connect_many(f"ws://127.0.0.1:{server.ports[0]}{path}", 50, hello)
        make = numbered("echo")
        await request_reply(clients, make, messages // 4)
        begun = server.cpu()
        times = await request_reply(clients, make, messages, start=messages)
        cost = (server.cpu() - begun) / len(times)
        for client in clients:
            client.close()
    return cost * 1e6


async def fan_out_cost(name: str, receivers: int, deliveries: int) -> float:
    command, path, hello = ROOMS[name]
    with serving(command) as server:
        clients = await connect_many(f"ws://127.0.0.1:{server.ports[0]}{path}", receivers, hello)
        await settle(clients)
        make = numbered("tell")
        await fan_out(clients, make, 3)
        begun = server.cpu()
        count = await fan_out(clients, make, max(deliveries // receivers, 3), start=100)
        cost = (server.cpu() - begun) / count
        for client in clients:
            client.close()
    return cost * 1e6


async def two_workers(receivers: int, deliveries: int) -> float:
    """CPU per delivery of two workers and of Valkey together."""
    with valkey_server() as (url, store), serving(PREPARED, 2, {"BENCH_BROKER": url}) as server:
        clients: list[Client] = []
        for port in server.ports:
            clients += await connect_many(f"ws://127.0.0.1:{port}/socket", receivers // 2, HELLO)
        await settle(clients)
        make = numbered("tell")
        await fan_out(clients, make, 3)
        begun = server.cpu() + store()
        count = await fan_out(clients, make, max(deliveries // receivers, 3), start=100)
        cost = (server.cpu() + store() - begun) / count
        for client in clients:
            client.close()
    return cost * 1e6


async def idle_memory(
    command: list[str], path: str, hello: dict[str, object] | None, count: int
) -> float:
    """KiB of resident memory per idle connection."""
    with serving(command) as server:
        url = f"ws://127.0.0.1:{server.ports[0]}{path}"
        first = await connect_many(url, 50, hello)
        before = server.rss()
        clients = await connect_many(url, count, hello)
        grown = server.rss() - before
        for client in first + clients:
            client.close()
    return grown / count / 1024


async def bystander(receivers: int, seconds: float) -> tuple[float, float]:
    """p99 in ms of the requests of a client outside of the room: alone, and while a room of
    `receivers` receives messages.

    The client is a process of its own, so that it does not wait for the room's readers in this one.
    """
    with serving(PREPARED) as server:
        url = f"ws://127.0.0.1:{server.ports[0]}/socket"
        room = await connect_many(url, receivers, HELLO)
        await settle(room)
        alone = await sample_elsewhere(url, seconds)
        loud = asyncio.create_task(keep_telling(room))
        beside = await sample_elsewhere(url, seconds)
        loud.cancel()
        for client in room:
            client.close()
    return alone, beside


async def sample_elsewhere(url: str, seconds: float) -> float:
    """`sample` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--sample", url, str(seconds), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return float(printed)


async def keep_telling(room: list[Client]) -> None:
    n = 0
    while True:
        await fan_out(room, numbered("tell"), 1, start=n)
        n += 1
        await asyncio.sleep(0.05)


async def sample(url: str, seconds: float) -> float:
    """p99 of one client's request and reply, in ms."""
    client = await connect(url, {})
    times: list[float] = []
    make, until = numbered("echo"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        await client.ask(make(len(times)))
        times.append(time.perf_counter() - begun)
        await asyncio.sleep(0.002)
    client.close()
    return statistics.quantiles(times, n=100)[98] * 1000


async def fairness(clients: int, slices: int, each: int) -> None:
    """The time that one of many busy clients waits: Duplex and the bare echo, in turns."""
    names = ("bare FastAPI echo", "Duplex")
    found: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        crowds: dict[str, list[Client]] = {}
        for name in names:
            command, path, hello = ECHOES[name]
            server = stack.enter_context(serving(command))
            url = f"ws://127.0.0.1:{server.ports[0]}{path}"
            crowds[name] = await connect_many(url, clients, hello)
        make = numbered("echo")
        for number in range(slices + 1):
            for name, crowd in crowds.items():
                start = number * each
                times = await request_reply(crowd, make, each * clients, start=start)
                # The first slice is for warming up.
                found[name] += times if number else []
        for client in (client for crowd in crowds.values() for client in crowd):
            client.close()
    print(f"\nrequest and reply of {clients} busy clients, ms")
    base = statistics.quantiles(found[names[0]], n=100)[98]
    for name, times in found.items():
        cuts = statistics.quantiles(times, n=100)
        print(
            f"  {name:45} p50 {cuts[49] * 1000:7.2f}   p99 {cuts[98] * 1000:7.2f}"
            f"   {cuts[98] / base:5.2f}x   worst {max(times) * 1000:7.2f}",
            flush=True,
        )


async def rounds(
    title: str, names: list[str], count: int, cost: Callable[[str], Awaitable[float]]
) -> dict[str, float]:
    """The medians of interleaved rounds, printed with their ratio to the first name."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(count):
        for name in names:
            found[name].append(await cost(name))
    medians = {name: statistics.median(values) for name, values in found.items()}
    print(f"\n{title}")
    for name, value in medians.items():
        spread = f"{min(found[name]):.1f}-{max(found[name]):.1f}"
        print(
            f"  {name:45} {value:8.1f} µs   {value / medians[names[0]]:5.2f}x   ({spread})",
            flush=True,
        )
    return medians


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="echo,fairness,fanout,workers,memory,bystander")
    parser.add_argument("--sample", nargs=2, metavar=("URL", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sample:
        url, seconds = options.sample
        print(await sample(url, float(seconds)))
        return
    # The servers have core 0 for themselves.
    os.sched_setaffinity(0, {1})
    only = options.only.split(",")
    if "echo" in only:
        await rounds(
            "request and reply, 200 bytes, 50 clients",
            list(ECHOES),
            options.rounds,
            lambda n: echo_cost(n, 20000),
        )
    if "fairness" in only:
        await fairness(50, 10 * options.rounds, 40)
        await fairness(500, 10 * options.rounds, 10)
    if "fanout" in only:
        for receivers in (100, 1000, 5000):
            await rounds(
                f"fan-out to {receivers}, per delivery",
                list(ROOMS),
                options.rounds,
                lambda n, r=receivers: fan_out_cost(n, r, 100_000),
            )
    if "workers" in only:
        costs = {
            "one process": lambda: fan_out_cost("Duplex", 1000, 100_000),
            "two and Valkey": lambda: two_workers(1000, 100_000),
        }
        await rounds("fan-out to 1000, workers", list(costs), options.rounds, lambda n: costs[n]())
    if "memory" in only:
        for name in ("bare FastAPI echo", "Duplex, any ASGI server", "Duplex"):
            size = await idle_memory(*ECHOES[name], 5000)
            print(f"  {name:45} {size:8.1f} KiB per idle connection", flush=True)
    if "bystander" in only:
        alone, beside = await bystander(1000, 5)
        times = f"{alone:.2f} ms alone, {beside:.2f} ms beside fan-out"
        print(f"\nbystander p99: {times} ({beside / alone:.1f}x)")


if __name__ == "__main__":
    asyncio.run(main())

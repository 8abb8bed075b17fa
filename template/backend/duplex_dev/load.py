"""Load on a server: clients that keep their sessions busy, and what they measure."""

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass, field

import psutil

from duplex_dev.client import Client, Closed, RequestError
from duplex_dev.machine.temporary import Server
from duplex_dev.sign_in import sign_up

CONCURRENT_CONNECTS = 50
"""Connections that are opened at the same time."""

REPLY_TIMEOUT = 30.0
"""Seconds."""

RAISED = {
    "SESSION_RATE": "1000000/s",
    "SESSION_IDLE": "0",
    "SESSION_MAX_CONNECTIONS": "100000",
    "SESSION_MAX_PER_USER": "100000",
    "SESSION_MAX_PER_ADDRESS": "100000",
    "SESSION_MAX_UNAUTHENTICATED": "100000",
}
"""The settings of the server under load: every client comes from one address and account."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: `session_size` clients share each session."""

    clients: int
    seconds: float
    session_size: int
    state: str
    data: dict[str, object]


@dataclass(slots=True)
class Tally:
    """What the clients saw: seconds until each reply, frames of any kind, errors by their code."""

    latencies: list[float] = field(default_factory=list[float])
    frames: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True, slots=True)
class Measured:
    """`memory`: bytes that the server grew by for each connection; `cpu`: its seconds of CPU."""

    tally: Tally
    seconds: float
    memory: float
    cpu: float


async def measure(plan: Plan, server: Server) -> Measured:
    """Connect all clients, measure the idle connections' memory, then keep them busy."""
    process = psutil.Process(server.process.pid)
    token = await sign_up(server.url, "Load")
    (first,) = await connect_all(server.url, token, clients=1, session_size=1)
    await drive([first], plan.state, plan.data, seconds=0.5)
    await first.close()
    empty = process.memory_info().rss
    clients = await connect_all(
        server.url, token, clients=plan.clients, session_size=plan.session_size
    )
    full = process.memory_info().rss
    try:
        await drive(clients, plan.state, plan.data, seconds=min(1.0, plan.seconds))
        before = process.cpu_times()
        began = asyncio.get_running_loop().time()
        tally = await drive(clients, plan.state, plan.data, seconds=plan.seconds)
        seconds = asyncio.get_running_loop().time() - began
        after = process.cpu_times()
    finally:
        await asyncio.gather(*(client.close() for client in clients))
    return Measured(
        tally=tally,
        seconds=seconds,
        memory=(full - empty) / plan.clients,
        cpu=after.user + after.system - before.user - before.system,
    )


async def connect_all(
    url: str, token: str | None, *, clients: int, session_size: int
) -> list[Client]:
    """Open that many clients, in sessions of that size, some of them at a time."""
    run = secrets.token_hex(4)
    gate = asyncio.Semaphore(CONCURRENT_CONNECTS)

    async def join(number: int) -> Client:
        session = f"load-{run}-{number // session_size}"
        async with gate, asyncio.timeout(REPLY_TIMEOUT):
            return await Client.join(url, token=token, session=session, name="Load")

    return list(await asyncio.gather(*map(join, range(clients))))


async def drive(
    clients: list[Client], state: str, data: dict[str, object], *, seconds: float
) -> Tally:
    """Let every client send a request and wait for its reply, repeatedly, for `seconds`."""
    tally = Tally()
    clock = asyncio.get_running_loop().time
    end = clock() + seconds

    async def ask(client: Client) -> None:
        while clock() < end:
            began = clock()
            try:
                async with asyncio.timeout(REPLY_TIMEOUT):
                    async for _ in client.stream(state, data):
                        tally.frames += 1
            except RequestError as error:
                tally.frames += 1
                tally.errors[str(error.frame.get("code"))] += 1
            except Closed as error:
                tally.errors[str(error)] += 1
                return
            except TimeoutError:
                tally.errors[f"no reply in {REPLY_TIMEOUT:g} s"] += 1
                return
            else:
                tally.latencies.append(clock() - began)

    await asyncio.gather(*map(ask, clients))
    return tally

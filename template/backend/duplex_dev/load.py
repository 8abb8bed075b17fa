"""Load on a server: clients that keep their sessions busy, and their measurements."""

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass, field

import psutil

from duplex_dev.client import Client, Closed, RequestError

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
    """The plan of a measurement: `session_size` clients share each session."""

    clients: int
    seconds: float
    session_size: int
    state: str
    data: dict[str, object]
    session: str | None = None
    """The id of a session that all clients join; by default the sessions are new."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server under load. Without `pid` its memory and CPU time cannot be measured."""

    url: str
    token: str | None
    pid: int | None


@dataclass(slots=True)
class Tally:
    """The clients' counts: seconds until each reply, all frames, errors by their code."""

    latencies: list[float] = field(default_factory=list[float])
    frames: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True, slots=True)
class Used:
    """`memory`: bytes that the server grew by for each connection; `cpu`: its seconds of CPU."""

    memory: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The result; `used` is None where the server's process is not known."""

    tally: Tally
    seconds: float
    used: Used | None


async def measure(plan: Plan, target: Target) -> Measured:
    """Connect all clients, measure the idle connections' memory, then keep them busy."""
    process = psutil.Process(target.pid) if target.pid is not None else None
    # The first connection and requests make the server allocate memory that it keeps.
    (first,) = await connect_all(target, 1, 1, plan.session)
    await drive([first], plan.state, plan.data, seconds=0.5)
    await first.close()
    empty = process.memory_info().rss if process else 0
    clients = await connect_all(target, plan.clients, plan.session_size, plan.session)
    full = process.memory_info().rss if process else 0
    try:
        await drive(clients, plan.state, plan.data, seconds=min(1.0, plan.seconds))
        before = _cpu(process)
        began = asyncio.get_running_loop().time()
        tally = await drive(clients, plan.state, plan.data, seconds=plan.seconds)
        seconds = asyncio.get_running_loop().time() - began
        cpu = _cpu(process) - before
    finally:
        await asyncio.gather(*(client.close() for client in clients))
    used = Used((full - empty) / plan.clients, cpu) if process else None
    return Measured(tally, seconds, used)


def _cpu(process: psutil.Process | None) -> float:
    if process is None:
        return 0.0
    times = process.cpu_times()
    return times.user + times.system


async def connect_all(
    target: Target, clients: int, session_size: int, session: str | None = None
) -> list[Client]:
    """Open the clients, some at a time, in `session` or in new sessions of that size."""
    run = secrets.token_hex(4)
    gate = asyncio.Semaphore(CONCURRENT_CONNECTS)

    async def join(number: int) -> Client:
        name = session or f"load-{run}-{number // session_size}"
        async with gate, asyncio.timeout(REPLY_TIMEOUT):
            return await Client.join(target.url, token=target.token, session=name, name="Load")

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

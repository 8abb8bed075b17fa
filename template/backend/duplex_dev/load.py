"""Load on a server: clients that keep their sessions busy, and their measurements."""

import asyncio
import random
import secrets
from collections import Counter
from dataclasses import dataclass, field

import psutil

from duplex_dev.client import CannotConnect, Client, Closed, RefusedHello, RequestError
from duplex_dev.console import TaskError

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
    "SESSION_KEPT_BYTES": "0",
}
"""The settings of the server under load: every client comes from one address and account."""

RATE = 40.0
"""Requests per second of one client of a server with limits: below the default SESSION_RATE."""

LIMITS = {
    "429 too_many": "SESSION_JOIN_RATE",
    "503 too_many": (
        "SESSION_MAX_PER_ADDRESS, SESSION_MAX_CONNECTIONS or SESSION_MAX_UNAUTHENTICATED"
    ),
    "too_many": "SESSION_MAX_PER_USER (or, without an account, SESSION_MAX_PER_ADDRESS)",
    "too_fast": "SESSION_JOIN_RATE or SESSION_ROOM_RATE (new sessions: see --session-size)",
}
"""The settings with which a server refuses clients, by the code of its refusal: see `CannotConnect`
and `RefusedHello`.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a measurement: `session_size` clients share each session. `rate`: requests per
    second of each client at most; 0: the next one follows each reply.
    """

    clients: int
    seconds: float
    session_size: int
    state: str
    data: dict[str, object]
    session: str | None = None
    """The id of a session that all clients join; by default the sessions are new."""
    rate: float = 0.0


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
    await drive([first], plan, seconds=0.5)
    await first.close()
    empty = process.memory_info().rss if process else 0
    clients = await connect_all(target, plan.clients, plan.session_size, plan.session)
    full = process.memory_info().rss if process else 0
    try:
        await drive(clients, plan, seconds=min(1.0, plan.seconds))
        before = _cpu(process)
        began = asyncio.get_running_loop().time()
        tally = await drive(clients, plan, seconds=plan.seconds)
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
    """Open the clients, some at a time, in `session` or in new sessions of that size. Raises
    TaskError, with the setting of the server that may be the reason.
    """
    run = secrets.token_hex(4)
    gate = asyncio.Semaphore(CONCURRENT_CONNECTS)

    async def join(number: int) -> Client:
        name = session or f"load-{run}-{number // session_size}"
        async with gate, asyncio.timeout(REPLY_TIMEOUT):
            try:
                return await Client.join(target.url, token=target.token, session=name, name="Load")
            except (CannotConnect, RefusedHello) as error:
                limit = LIMITS.get(error.code)
                if limit is None:
                    raise
                raise TaskError(
                    f"Client {number + 1} of {clients} was refused: {error}\n"
                    f"  Raise {limit} on that server for the measurement, or use fewer --clients."
                ) from error

    joined = await asyncio.gather(*map(join, range(clients)), return_exceptions=True)
    failures = [each for each in joined if isinstance(each, BaseException)]
    opened = [each for each in joined if isinstance(each, Client)]
    if failures:
        await asyncio.gather(*(client.close() for client in opened))
        raise failures[0]
    return opened


async def drive(clients: list[Client], plan: Plan, *, seconds: float) -> Tally:
    """Let every client send a request and wait for its reply, repeatedly, for `seconds`."""
    tally = Tally()
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    pause = 1 / plan.rate if plan.rate else 0.0

    async def ask(client: Client) -> None:
        # Not all at the same moments.
        due = clock() + random.uniform(0.0, pause)
        while due < end:
            if pause:
                await asyncio.sleep(due - clock())
            began = clock()
            due = began + pause
            try:
                async with asyncio.timeout(REPLY_TIMEOUT):
                    async for _ in client.stream(plan.state, plan.data):
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
            due = max(due, clock())

    await asyncio.gather(*map(ask, clients))
    return tally

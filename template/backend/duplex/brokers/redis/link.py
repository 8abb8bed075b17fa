"""Two connections to a Redis or Valkey server: one for commands, one for published messages.

All calls of the process share the command connection: commands of one tick of the loop are written
at once, and replies come back in order. So a hundred commits wait for one round trip, and no pool
has to be sized. A connection that does not answer in time is closed, never retried: the broker's
`Lease` opens a new pair.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

from redis.asyncio.connection import ConnectionPool
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError

from duplex.brokers.base import BrokerUnavailable
from duplex.brokers.redis.scripts import Script

Value = bytes | str | int
Answer = Any
"""A RESP 2 value: int, bytes, None, or a list of these. Each caller knows the form it expects."""

_UNABLE: Final = (
    "BUSY",
    "CLUSTERDOWN",
    "LATE",
    "LOADING",
    "MASTERDOWN",
    "NOREPLICAS",
    "OOM",
    "TRYAGAIN",
)
"""Errors of a server that cannot run a command now; nothing was changed."""

_SAMPLES: Final = 8
"""Comparisons with the server's clock that are kept."""

_SECOND_LOOK: Final = 0.05
"""Seconds between the timeout of a reply and the end of the connection."""


class Link:
    """One connected pair. It fails once: `on_down` gets the reason, and every later call raises."""

    def __init__(
        self,
        url: str,
        timeout: float,
        on_message: Callable[[bytes, bytes], None],
        on_down: Callable[["Link", str], None],
    ) -> None:
        try:
            pool = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
                url,
                protocol=2,
                socket_timeout=None,
                socket_connect_timeout=timeout,
                max_connections=2,
            )
            self._commands = pool.make_connection()
            self._published = pool.make_connection()
        except (TypeError, ValueError) as error:
            # The query of the URL holds options of the client.
            raise BrokerUnavailable(f"the client does not understand its URL: {error}") from None
        self._timeout = timeout
        self._on_message = on_message
        self._on_down = on_down
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[Answer]] = deque()
        self._answered = 0.0
        self._subscribing: dict[bytes, asyncio.Future[None]] = {}
        self._out: list[bytes] = []
        self._written = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._watchdog: asyncio.TimerHandle | None = None
        self._pinged: float | None = None
        self._offsets: deque[float] = deque(maxlen=_SAMPLES)
        self.ids: list[int] = []
        self.reason: str | None = None

    async def open(self) -> None:
        """Connect both. Raises `BrokerUnavailable`."""
        try:
            async with asyncio.timeout(self._timeout):
                for connection in (self._commands, self._published):
                    await connection.connect()
                    await connection.send_command("CLIENT", "ID")
                    self.ids.append(cast("int", await connection.read_response()))
        except (RedisError, OSError, TimeoutError) as error:
            await self.close("connecting failed")
            reason = str(error) or f"no answer within {self._timeout:g} s"
            raise BrokerUnavailable(f"connecting failed: {reason}") from None
        create = self._loop.create_task
        self._tasks = [create(self._write()), create(self._read()), create(self._receive())]
        await self.measure()

    async def measure(self) -> None:
        """Compare this process's clock with the server's. Raises `BrokerUnavailable`."""
        seconds, microseconds = await self.call("TIME")
        # Read before the reply arrived: at most a round trip behind the server, never ahead of it.
        at = int(seconds) * 1000 + int(microseconds) / 1000
        self._offsets.append(at - self._loop.time() * 1000)

    async def close(self, reason: str) -> None:
        """Close both connections."""
        self._fail(reason)
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        for connection in (self._commands, self._published):
            await connection.disconnect(nowait=True)

    @property
    def latest(self) -> bytes:
        """The server's time (ms) at which a call made now has timed out."""
        # The largest is the nearest, and if the server's clock is set back the others go in time.
        now = self._loop.time() * 1000 + max(self._offsets)
        return b"%d" % (now + self._timeout * 1000)

    # --- commands

    def send(self, *arguments: Value) -> "asyncio.Future[Answer]":
        """Queue a command for this tick; its answer. Raises `BrokerUnavailable`."""
        if self.reason is not None:
            raise BrokerUnavailable(self.reason)
        future: asyncio.Future[Answer] = self._loop.create_future()
        if not self._waiting:
            self._answered = self._loop.time()
        self._waiting.append(future)
        _pack(arguments, self._out)
        self._written.set()
        if self._watchdog is None:
            self._watchdog = self._loop.call_later(self._timeout, self._watch, self._answered)
        return future

    async def call(self, *arguments: Value) -> Answer:
        """One command. Raises `BrokerUnavailable`."""
        future = self.send(*arguments)
        try:
            return await future
        except ResponseError as error:
            raise self._judge(error) from None

    async def run(self, script: Script, keys: Sequence[Value], *arguments: Value) -> Answer:
        """One script. Raises `BrokerUnavailable`."""
        try:
            return await self.send("EVALSHA", script.sha, len(keys), *keys, *arguments)
        except NoScriptError:
            # The server's script cache was flushed.
            return await self.call("EVAL", script.text, len(keys), *keys, *arguments)
        except ResponseError as error:
            raise self._judge(error) from None

    def _judge(self, error: ResponseError) -> Exception:
        if isinstance(error, ReadOnlyError):
            self._fail("the server is a replica now")
            return BrokerUnavailable(str(error))
        if str(error).startswith("FORMER"):
            self._fail("the store was emptied")
            return BrokerUnavailable(str(error))
        if str(error).startswith(_UNABLE) or type(error).__name__ == "OutOfMemoryError":
            return BrokerUnavailable(str(error))
        return error

    async def _write(self) -> None:
        try:
            while True:
                await self._written.wait()
                self._written.clear()
                chunks, self._out = self._out, []
                await self._commands.send_packed_command(chunks, check_health=False)
        except (RedisError, OSError) as error:
            self._fail(f"writing failed: {error}")

    async def _read(self) -> None:
        try:
            while True:
                try:
                    answer = cast(
                        "Answer", await self._commands.read_response(disable_decoding=True)
                    )
                except ResponseError as error:
                    answer = error
                future = self._waiting.popleft()
                self._answered = self._loop.time()
                if future.done():
                    continue
                if isinstance(answer, ResponseError):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
        except (RedisError, OSError) as error:
            self._fail(f"the connection was lost: {error}")

    def _watch(self, since: float, *, again: bool = False) -> None:
        """No answer at all within the timeout: the connection counts as dead."""
        self._watchdog = None
        if not self._waiting:
            return
        if self._answered != since:
            at = self._answered + self._timeout
            self._watchdog = self._loop.call_at(at, self._watch, self._answered)
        elif not again:
            # If this process was blocked, the answer is here and is read before the second look.
            look_again = partial(self._watch, since, again=True)
            self._watchdog = self._loop.call_later(_SECOND_LOOK, look_again)
        else:
            self._fail(f"no answer within {self._timeout:g} s")

    # --- published messages

    async def subscribe(self, channels: Iterable[bytes]) -> None:
        """Subscribe to channels and wait for the confirmation. Raises `BrokerUnavailable`."""
        wanted = list(channels)
        for start in range(0, len(wanted), 500):
            await self._subscribe(wanted[start : start + 500])

    async def _subscribe(self, channels: list[bytes]) -> None:
        if self.reason is not None:
            raise BrokerUnavailable(self.reason)
        acknowledged: list[asyncio.Future[None]] = []
        for channel in channels:
            future = self._subscribing.get(channel)
            if future is None:
                future = self._subscribing[channel] = self._loop.create_future()
            acknowledged.append(future)
        await self._send_published("SUBSCRIBE", *channels)
        try:
            async with asyncio.timeout(self._timeout):
                for future in acknowledged:
                    await asyncio.shield(future)
        except TimeoutError:
            self._fail("no answer to SUBSCRIBE")
            raise BrokerUnavailable("no answer to SUBSCRIBE") from None

    async def unsubscribe(self, channel: bytes) -> None:
        """Unsubscribe from a channel. Raises `BrokerUnavailable`."""
        await self._send_published("UNSUBSCRIBE", channel)

    async def ping(self) -> None:
        """Check the connection for published messages. Raises `BrokerUnavailable`."""
        if self._pinged is not None and self._loop.time() - self._pinged > self._timeout:
            self._fail("the connection for published messages does not answer")
        if self._pinged is None:
            self._pinged = self._loop.time()
            await self._send_published("PING")

    async def _send_published(self, *arguments: Value) -> None:
        if self.reason is not None:
            raise BrokerUnavailable(self.reason)
        try:
            packed: list[bytes] = []
            _pack(arguments, packed)
            await self._published.send_packed_command(packed, check_health=False)
        except (RedisError, OSError) as error:
            self._fail(f"writing failed: {error}")
            raise BrokerUnavailable(str(error)) from None

    async def _receive(self) -> None:
        try:
            while True:
                message = cast(
                    "list[bytes]", await self._published.read_response(disable_decoding=True)
                )
                kind = message[0]
                if kind == b"message":
                    self._on_message(message[1], message[2])
                elif kind == b"subscribe":
                    future = self._subscribing.pop(message[1], None)
                    if future is not None and not future.done():
                        future.set_result(None)
                elif kind == b"pong":
                    self._pinged = None
        except (RedisError, OSError) as error:
            self._fail(f"the connection for published messages was lost: {error}")

    # --- the end

    def _fail(self, reason: str) -> None:
        if self.reason is not None:
            return
        self.reason = reason
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        if self._watchdog is not None:
            self._watchdog.cancel()
        for future in (*self._waiting, *self._subscribing.values()):
            if not future.done():
                future.set_exception(BrokerUnavailable(reason))
                # Retrieved here, because perhaps no task waits any more.
                future.exception()
        self._waiting.clear()
        self._subscribing.clear()
        self._on_down(self, reason)


def _pack(arguments: Iterable[Value], out: list[bytes]) -> None:
    """Encode a command as RESP; faster than the client's general encoder."""
    pieces: list[bytes] = []
    for argument in arguments:
        if isinstance(argument, str):
            argument = argument.encode()
        elif isinstance(argument, int):
            argument = b"%d" % argument
        pieces.append(b"$%d\r\n%b\r\n" % (len(argument), argument))
    out.append(b"*%d\r\n%b" % (len(pieces), b"".join(pieces)))

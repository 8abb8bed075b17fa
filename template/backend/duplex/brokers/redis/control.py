"""Shared by all processes of a store: the generation of its contents, and control messages.

All keys carry the name of a generation. A new one begins when the store is found empty, and when it
was restarted and may have lost a write that it had acknowledged: nobody could follow a room any
further without a silent gap, so all rooms are lost. Only a server that syncs its append-only file
before every answer (`appendfsync always`) cannot have lost one. A worker that does not know the new
generation yet opens no room: the script `join` compares.

Control messages are published, and kept in a short stream for reconnects.
"""

import secrets
from collections.abc import Callable
from typing import Final

from redis.exceptions import ResponseError

from duplex.brokers.base import BrokerUnavailable
from duplex.brokers.redis.link import Link
from duplex.brokers.redis.scripts import Keyspace, Script

_NAME_KEPT: Final = 7 * 86400 * 1000
"""Milliseconds the name is kept after the last worker renewed its lease."""


async def enter_generation(link: Link, script: Script, prefix: str, run: str, durable: bool) -> str:
    """The name of the current generation; `run` and `durable` are the answer of `identify`.

    Raises `BrokerUnavailable`.
    """
    arguments = (secrets.token_hex(4), run, int(durable), _NAME_KEPT)
    name: bytes = await link.run(script, [_key(prefix)], *arguments)
    return name.decode()


async def keep_generation(link: Link, prefix: str) -> None:
    """Renew its time to live. Raises `BrokerUnavailable`."""
    await link.call("PEXPIRE", _key(prefix), _NAME_KEPT)


def _key(prefix: str) -> str:
    return f"{prefix}:generation"


async def identify(link: Link) -> tuple[str, bool]:
    """The server's run id, and whether a restart keeps all acknowledged writes.

    This holds only for a server with an append-only file that is synced before every answer. A
    server promoted from a replica may have lost writes. Raises `BrokerUnavailable`.
    """
    lines: dict[str, str] = {}
    for section in ("server", "persistence", "replication"):
        text: bytes = await link.call("INFO", section)
        for line in text.decode().splitlines():
            name, _, value = line.partition(":")
            lines[name] = value
    if lines.get("loading", "0") != "0":
        # While it reads its append-only file, a server reports that it has none.
        raise BrokerUnavailable("the server is still loading")
    durable = lines.get("aof_enabled") == "1" and lines.get("role", "master") == "master"
    promoted = lines.get("master_replid2", "").strip("0") != ""
    return lines.get("run_id", "unknown"), durable and not promoted and await _syncs(link)


async def _syncs(link: Link) -> bool:
    """Whether a write is on disk before its answer. False where the server does not tell."""
    try:
        pairs: list[bytes] = await link.call("CONFIG", "GET", "*appendfsync*")
    except ResponseError:
        return False
    settings = dict(zip(pairs[::2], pairs[1::2], strict=True))
    return settings == {b"appendfsync": b"always", b"no-appendfsync-on-rewrite": b"no"}


KEPT: Final = 3600 * 1000
"""Milliseconds a control message is kept."""


class ControlStream:
    """Reports each control message once, in order, to `deliver`."""

    def __init__(self, deliver: Callable[[bytes], None]) -> None:
        self._deliver = deliver
        self._seen: tuple[int, int] | None = None
        self._buffer: list[tuple[bytes, bytes]] | None = None

    def pause(self) -> None:
        """Buffer messages until `catch_up`."""
        self._buffer = []

    def restart(self) -> None:
        """Start at the beginning of the new generation's stream."""
        if self._seen is not None:
            self._seen = (0, 0)

    async def catch_up(self, link: Link, keyspace: Keyspace) -> None:
        """Report the messages that were missed, then the buffered ones."""
        control = keyspace.control
        if self._seen is None:
            # No socket was connected to this process yet, so earlier messages do not concern it.
            self._seen = (0, 0)
            for number, _ in await link.call("XREVRANGE", control, "+", "-", "COUNT", 1):
                self._seen = _parse(number)
        since = "({}-{}".format(*self._seen)
        missed = await link.call("XRANGE", control, since, "+")
        buffered, self._buffer = self._buffer or [], None
        for number, pairs in missed:
            self.receive(number, pairs[1])
        for number, message in buffered:
            self.receive(number, message)

    def receive(self, number: bytes, message: bytes) -> None:
        """One message with its number in the stream."""
        if self._buffer is not None:
            self._buffer.append((number, message))
            return
        at = _parse(number)
        if self._seen is None or at > self._seen:
            self._seen = at
            self._deliver(message)


def _parse(number: bytes) -> tuple[int, int]:
    first, _, second = number.partition(b"-")
    return int(first), int(second)

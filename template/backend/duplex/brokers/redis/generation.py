"""The generation of the store's contents.

All keys contain the name of a generation. A new one starts when the store is empty, and when it was
restarted and may have lost a write that it had acknowledged: nobody could continue to follow a room
without a silent gap, so all rooms are lost. A worker that does not know the new generation yet
opens no room: join.lua compares them.
"""

import secrets
from typing import Final

from duplex.brokers.base import BrokerUnavailable
from duplex.brokers.redis.link import Link
from duplex.brokers.redis.scripts import Script

_KEPT: Final = 7 * 86400 * 1000
"""Milliseconds the name is kept after the last worker renewed its lease."""


async def enter_generation(link: Link, script: Script, prefix: str, run: str, durable: bool) -> str:
    """The name of the current generation; `run` and `durable` are the answer of `identify`.

    Raises `BrokerUnavailable`.
    """
    arguments = (secrets.token_hex(4), run, int(durable), _KEPT)
    name: bytes = await link.run(script, [_key(prefix)], *arguments)
    return name.decode()


async def keep_generation(link: Link, prefix: str) -> None:
    """Renew its time to live. Raises `BrokerUnavailable`."""
    await link.call("PEXPIRE", _key(prefix), _KEPT)


def _key(prefix: str) -> str:
    return f"{prefix}:generation"


async def identify(link: Link) -> tuple[str, bool]:
    """The server's run id, and whether a restart keeps all acknowledged writes.

    This holds only for a server with an append-only file. A server promoted from a replica may have
    lost writes. Raises `BrokerUnavailable`.
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
    return lines.get("run_id", "unknown"), durable and not promoted

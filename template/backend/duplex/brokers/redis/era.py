"""Which life of the store's contents this is.

Everything is kept under the name of an era. A new one begins when the store is found empty, and
when it was restarted and may have forgotten something it had acknowledged: then nobody can follow a
room on without a silent gap, so nobody does. A worker that does not know it yet opens no room:
join.lua compares.
"""

import secrets
from typing import Final

from duplex.brokers.base import BrokerUnavailable
from duplex.brokers.redis.link import Link
from duplex.brokers.redis.scripts import Script

_KEY: Final = b"duplex:era"
_KEPT: Final = 7 * 86400 * 1000
"""Milliseconds the name is kept after the last worker renewed its lease."""


async def enter_era(link: Link, script: Script, run: str, durable: bool) -> str:
    """The name of the present era, given what `identify` told. Raises `BrokerUnavailable`."""
    arguments = (secrets.token_hex(4), run, int(durable), _KEPT)
    era: bytes = await link.run(script, [_KEY], *arguments)
    return era.decode()


async def keep_era(link: Link) -> None:
    """It does not end while somebody works in it. Raises `BrokerUnavailable`."""
    await link.call("PEXPIRE", _KEY, _KEPT)


async def identify(link: Link) -> tuple[str, bool]:
    """The server's run, and whether a restart of it forgets nothing that it acknowledged.

    Only an append-only file says so. A server promoted from a replica may have lost something.
    Raises `BrokerUnavailable`.
    """
    lines: dict[str, str] = {}
    for section in ("server", "persistence", "replication"):
        text: bytes = await link.call("INFO", section)
        for line in text.decode().splitlines():
            name, _, value = line.partition(":")
            lines[name] = value
    if lines.get("loading", "0") != "0":
        # Until its file is read, a server says that it keeps none.
        raise BrokerUnavailable("the server is still loading")
    durable = lines.get("aof_enabled") == "1" and lines.get("role", "master") == "master"
    promoted = lines.get("master_replid2", "").strip("0") != ""
    return lines.get("run_id", "unknown"), durable and not promoted

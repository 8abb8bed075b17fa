"""`python -m app`: serve, or migrate the database."""

import asyncio
import sys

from duplex import server
from duplex.settings.base import Settings
from duplex.web.database import Database
from duplex.web.migrate import migrate_alone


def main(application: str, settings: Settings) -> None:
    """Serve `application` (`module:factory`); with the argument `migrate`, migrate instead."""
    match sys.argv[1:]:
        case []:
            server.run(application, settings)
        case ["migrate"]:
            asyncio.run(migrate_alone(Database.of(settings), settings.root))
        case other:
            raise SystemExit(f"unknown arguments: {' '.join(other)}; expected nothing or `migrate`")

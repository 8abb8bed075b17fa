"""Limits on guessing. They are counted in the database, so they hold for all workers together."""

from datetime import UTC, datetime
from hashlib import sha256
from math import ceil
from time import time

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.models import Attempt
from duplex.units import Rate
from duplex.web.database import Database, now
from duplex.web.errors import ApiError

PER_ACCOUNT = Rate(10, 300.0)
"""Passwords tried for one e-mail address from one network address."""

PER_ADDRESS = Rate(100, 300.0)
"""Passwords tried, or accounts made, from one network address."""


async def count(database: Database, limit: Rate, *what: str) -> None:
    """Count one attempt at something; raises a 429 when there were too many.

    Windows are fixed: they begin at multiples of the limit's length.
    """
    window = int(time() // limit.seconds)
    until = datetime.fromtimestamp((window + 1) * limit.seconds, UTC)
    async with database.transaction() as db:
        if await _increment(db, _key(window, what), until) > limit.count:
            wait = max(1, ceil((until - now()).total_seconds()))
            raise ApiError(
                429,
                "too_many",
                f"Too many attempts. Try again in {ceil(wait / 60)} min.",
                {"Retry-After": str(wait)},
            )


async def forget(db: AsyncSession, limit: Rate, *what: str) -> None:
    """Start again from zero, after an attempt that succeeded."""
    window = int(time() // limit.seconds)
    await db.execute(delete(Attempt).where(Attempt.key == _key(window, what)))


async def _increment(db: AsyncSession, key: str, until: datetime) -> int:
    await db.execute(delete(Attempt).where(Attempt.until < now()))
    on_postgresql = db.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if on_postgresql else sqlite.insert
    counted = await db.scalar(
        insert(Attempt)
        .values(key=key, count=1, until=until)
        .on_conflict_do_update(index_elements=["key"], set_={"count": Attempt.count + 1})
        .returning(Attempt.count)
    )
    assert counted is not None
    return counted


def _key(window: int, what: tuple[str, ...]) -> str:
    return sha256("\n".join((str(window), *what)).encode()).hexdigest()

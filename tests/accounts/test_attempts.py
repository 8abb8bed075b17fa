import asyncio

import pytest
from duplex.accounts import attempts
from duplex.accounts.models import Attempt
from duplex.units import Rate
from duplex.web.database import Database
from duplex.web.errors import ApiError
from duplex_dev.testing import on_every_database
from sqlalchemy import func, select

HOURLY = Rate(3, 3600)


@on_every_database
async def test_attempts_are_counted_by_all_at_once(database: Database) -> None:
    refusals: list[tuple[int, str]] = []

    async def attempt() -> bool:
        try:
            await attempts.count(database, HOURLY, "guess", "ada")
        except ApiError as error:
            refusals.append((error.status_code, error.code))
            return False
        return True

    allowed = await asyncio.gather(*(attempt() for _ in range(8)))
    assert sum(allowed) == HOURLY.count
    assert set(refusals) == {(429, "too_many")}


async def test_others_are_counted_apart_and_a_success_clears(database: Database) -> None:
    for _ in range(HOURLY.count):
        await attempts.count(database, HOURLY, "guess", "ada")
    await attempts.count(database, HOURLY, "guess", "bob")
    async with database.transaction() as db:
        await attempts.forget(db, HOURLY, "guess", "ada")
    await attempts.count(database, HOURLY, "guess", "ada")


async def test_a_window_ends_and_its_count_is_cleared_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "time", lambda: 1_000_000_000.0)
    await attempts.count(database, HOURLY, "guess", "ada")
    monkeypatch.undo()
    await attempts.count(database, HOURLY, "guess", "bob")
    async with database.reading() as db:
        assert await db.scalar(select(func.count(Attempt.key))) == 1

"""Limits on guessing, counted in the database, so that they apply to all workers together.

Every route limits the attempts of one network address (for IPv6 also those of the /48 around it),
the attempts of an address at one account, and the attempts of everybody at one account. The last
limit never refuses for long, or an attacker could lock a user out: attempts above it are delayed,
one every few seconds. A browser or address that the account has used before is not delayed; the
attempts of such a browser at the account are counted on their own instead of by address.
"""

from asyncio import sleep
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil
from time import time

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.browser import cookies
from duplex.accounts.browser.visit import Visit
from duplex.accounts.events import record_alone
from duplex.accounts.hashes import token_hash
from duplex.accounts.services import Services
from duplex.accounts.tables.challenges import Attempt
from duplex.accounts.tables.sign_ins import KnownBrowser, SignIn
from duplex.options import Rate
from duplex.socket.limits import network_of
from duplex.web.database import now
from duplex.web.errors import ApiError


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one action may be tried."""

    per_account: Rate
    """At one account, from one address or one browser."""
    per_address: Rate
    free: Rate
    """At one account by everybody; further attempts wait for their turn."""
    turn: timedelta = timedelta(seconds=5)
    """The time between two attempts at an account that wait for their turn."""


SITE = 4
"""The limit of an IPv6 /48 network, as a multiple of that of one address."""

GUESS = Limits(Rate(10, 300.0), Rate(100, 300.0), Rate(20, 300.0))
"""Passwords and codes."""

SECOND = Limits(Rate(10, 900.0), Rate(100, 900.0), Rate(20, 3600.0), turn=timedelta(minutes=1))
"""Codes of a second step: few values, and the attacker knows the first factor already."""

MAIL = Limits(Rate(5, 900.0), Rate(50, 900.0), Rate(10, 900.0), turn=timedelta(seconds=30))
"""Requests that send a mail to an address of the user's choice."""

REFRESH = Limits(Rate(60, 60.0), Rate(600, 60.0), Rate(10**6, 60.0))
"""Renewals of tokens."""

PATIENCE = timedelta(seconds=10)
"""The longest wait; an attempt that would wait longer is refused."""

REMEMBERED = timedelta(days=90)
"""How long an address counts as one in which the account was used."""


async def admit(
    services: Services, visit: Visit, action: str, limits: Limits, account: str | None = None
) -> None:
    """Count one attempt; wait for its turn where needed. Raises a 429 when there were too many.

    `account`: the e-mail address, whether it has an account or not.
    """
    async with services.database.reading() as db:
        browser = await _known_browser(db, services, visit, account)
        near = browser is not None or await _known_address(db, services, visit, account)
    counts: list[tuple[Rate, tuple[str, ...]]] = []
    if browser is not None and account is not None:
        # A user who shares the address with an attacker is not locked out.
        counts.append((limits.per_account, ("browser", browser, account)))
    else:
        counts.append((limits.per_address, ("address", visit.address)))
        if (around := network_of(visit.address)) != visit.address:
            wide = Rate(limits.per_address.count * SITE, limits.per_address.seconds)
            counts.append((wide, ("site", around)))
        if account is not None:
            counts.append((limits.per_account, ("account", visit.address, account)))
    for limit, what in counts:
        count, wait = await _count(services, limit, (action, *what))
        if count > limit.count:
            await _note_first(services, visit, action, account, count - limit.count)
            raise too_many(wait)
    if account is not None and not near:
        count, _ = await _count(services, limits.free, (action, "everybody", account))
        if count > limits.free.count:
            await _note_first(services, visit, action, account, count - limits.free.count)
            await _take_turn(services, action, limits.turn, account)


async def forget(db: AsyncSession, visit: Visit, action: str, limits: Limits, account: str) -> None:
    """Forget this account's attempts of this address and browser, after one that succeeded."""
    keys = [(action, "account", visit.address, account)]
    if token := visit.cookie(cookies.BROWSER):
        keys.append((action, "browser", token_hash(token), account))
    window = int(time() // limits.per_account.seconds)
    hashes = [_key(window, key) for key in keys]
    await db.execute(delete(Attempt).where(Attempt.key.in_(hashes)))


def too_many(wait: float) -> ApiError:
    """A 429 with the seconds after which to try again."""
    seconds = max(1, ceil(wait))
    when = f"{seconds} s" if seconds < 60 else f"{ceil(seconds / 60)} min"
    return ApiError(
        429, "too_many", f"Too many attempts. Try again in {when}.", {"Retry-After": str(seconds)}
    )


async def _known_browser(
    db: AsyncSession, services: Services, visit: Visit, account: str | None
) -> str | None:
    hashed = token_hash(visit.cookie(cookies.BROWSER) or "")
    users = services.users
    return await db.scalar(
        select(KnownBrowser.token_hash)
        .join(users, users.id == KnownBrowser.user_id)
        .where(KnownBrowser.token_hash == hashed, users.email == (account or ""))
    )


async def _known_address(
    db: AsyncSession, services: Services, visit: Visit, account: str | None
) -> bool:
    users = services.users
    found = await db.scalar(
        select(SignIn.id)
        .join(users, users.id == SignIn.user_id)
        .where(
            SignIn.address == visit.address,
            SignIn.rotated_at > now() - REMEMBERED,
            users.email == (account or ""),
        )
        .limit(1)
    )
    return found is not None


async def _note_first(
    services: Services, visit: Visit, action: str, account: str | None, over: int
) -> None:
    """Log that a limit is reached: once in its window, not once for each attempt."""
    if over == 1:
        await record_alone(services, visit, "limited", email=account or "", detail=action)


async def _take_turn(services: Services, action: str, every: timedelta, account: str) -> None:
    key = _key(0, (action, "turn", account))
    async with services.database.transaction() as db:
        await _insert(db, key, now())
        turn = await db.get_one(Attempt, key, with_for_update=True, populate_existing=True)
        at = max(now(), turn.until)
        wait = at - now()
        if wait > PATIENCE:
            raise too_many((wait - PATIENCE).total_seconds())
        turn.until = at + every
    await sleep(wait.total_seconds())


async def _count(services: Services, limit: Rate, what: Sequence[str]) -> tuple[int, float]:
    """Count once; the count, and the seconds until it begins again.

    Windows are fixed: they begin at multiples of the limit's length.
    """
    window = int(time() // limit.seconds)
    until = datetime.fromtimestamp((window + 1) * limit.seconds, UTC)
    async with services.database.transaction() as db:
        count = await _insert(db, _key(window, what), until)
    return count, (until - now()).total_seconds()


async def _insert(db: AsyncSession, key: str, until: datetime) -> int:
    """Make the row, or add one to it; returns the count."""
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


def _key(window: int, what: Sequence[str]) -> str:
    return sha256("\n".join((str(window), *what)).encode()).hexdigest()

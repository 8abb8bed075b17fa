"""Deletes expired challenges and counts, and old events and mails."""

import asyncio
import logging
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from duplex.accounts.services import Services
from duplex.accounts.tables.challenges import Attempt, Challenge
from duplex.accounts.tables.records import SignInEvent
from duplex.accounts.tables.sign_ins import KnownBrowser
from duplex.web.database import now

logger = logging.getLogger(__name__)

EVERY = 3600.0
"""Seconds."""

EVENTS_KEPT = timedelta(days=365)
BROWSERS_KEPT = timedelta(days=400)


async def keep_tidy(services: Services) -> None:
    """Tidy up now and every hour, until cancelled."""
    while True:
        try:
            await tidy(services)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("expired rows could not be deleted: %s", error)
        await asyncio.sleep(EVERY)


async def tidy(services: Services) -> None:
    """Delete expired rows."""
    async with services.database.transaction() as db:
        await db.execute(delete(Attempt).where(Attempt.until < now()))
        await db.execute(delete(Challenge).where(Challenge.expires_at < now()))
        await db.execute(delete(SignInEvent).where(SignInEvent.at < now() - EVENTS_KEPT))
        await db.execute(delete(KnownBrowser).where(KnownBrowser.seen_at < now() - BROWSERS_KEPT))
    await services.outbox.forget_old()

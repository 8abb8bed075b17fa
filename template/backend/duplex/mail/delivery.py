"""The background task that sends the mails in the outbox."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from duplex.mail.outbox import Outbox
from duplex.mail.smtp import Undeliverable
from duplex.mail.table import OutgoingMail
from duplex.web.database import now

logger = logging.getLogger(__name__)

ROUND = 5.0
"""Seconds between checks for mails that another worker did not finish."""


class Transport(Protocol):
    """Sends one mail. Raises `Undeliverable`."""

    async def send(self, mail: OutgoingMail) -> None: ...


class Nowhere:
    """In development without `SMTP_URL`: the mailbox shows the mail, and nothing is sent."""

    async def send(self, mail: OutgoingMail) -> None:
        """Send nothing."""


@asynccontextmanager
async def delivering(
    outbox: Outbox, transport: Transport, *, keep_texts: bool
) -> AsyncGenerator[None]:
    """Send mails as long as the block runs. A mail that is being sent at its end is finished."""
    stopping = asyncio.Event()
    task = asyncio.create_task(_deliver(outbox, transport, stopping, keep_texts))
    try:
        yield
    finally:
        stopping.set()
        outbox.wake()
        with suppress(asyncio.CancelledError):
            await task


async def _deliver(
    outbox: Outbox, transport: Transport, stopping: asyncio.Event, keep_texts: bool
) -> None:
    while not stopping.is_set():
        try:
            mail = await outbox.claim()
            if mail is not None:
                await _send(outbox, transport, mail, keep_texts)
                continue
            wait = await _seconds_to_wait(outbox)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("the outbox cannot be read: %s", error)
            wait = ROUND
        await outbox.wait(wait)


async def _seconds_to_wait(outbox: Outbox) -> float:
    due = await outbox.next_due()
    if due is None:
        return ROUND
    return min(ROUND, max(0.05, (due - now()).total_seconds()))


async def _send(outbox: Outbox, transport: Transport, mail: OutgoingMail, keep_texts: bool) -> None:
    if mail.expires_at <= now():
        await outbox.failed(mail, "too old", for_good=True)
        logger.error("mail %s was given up: it is too old", mail.id)
        return
    try:
        await transport.send(mail)
    except Undeliverable as error:
        given_up = await outbox.failed(mail, str(error), for_good=error.for_good)
        level = logging.ERROR if given_up else logging.WARNING
        text = "mail %s was given up: %s" if given_up else "mail %s was not sent yet: %s"
        logger.log(level, text, mail.id, error)
        return
    await outbox.delivered(mail, keep_texts=keep_texts)

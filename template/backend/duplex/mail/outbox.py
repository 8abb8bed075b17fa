"""The outbox: a mail is stored in the transaction that causes it, and sent afterwards.

So a request never waits for a mail server, and a rolled back transaction sends nothing. A worker
claims a mail by moving its `due_at` to the end of a lease. If the worker dies, another one sends
the mail when the lease has expired.
"""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import delete, event, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from duplex.mail.table import OutgoingMail
from duplex.mail.templates import Mail
from duplex.web.database import Database, now

LEASE = timedelta(minutes=2)
"""Time that a worker has for one mail: longer than any delivery takes, with its time limits."""

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=15)
"""The wait after the first failed try, doubled after each one, and its maximum."""

WORTH_SENDING = timedelta(days=1)
"""How long delivery of a mail is tried, by default."""

KEPT = timedelta(days=30)
"""How long the row of a mail that is done is kept."""


class Outbox:
    """The mails of one application that wait for delivery."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._woken = asyncio.Event()

    def add(self, db: AsyncSession, mail: Mail, worth: timedelta = WORTH_SENDING) -> None:
        """Store a mail in a transaction; when that is committed, this worker sends the mail.

        `worth`: how long it makes sense to try, such as the life of the link in it.
        """
        db.add(
            OutgoingMail(
                to=mail.to,
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                expires_at=now() + worth,
            )
        )
        event.listen(db.sync_session, "after_commit", self._committed, once=True)

    def _committed(self, db: Session) -> None:
        self.wake()

    def wake(self) -> None:
        """Let this worker look for mails now instead of at its next round."""
        self._woken.set()

    async def wait(self, seconds: float) -> None:
        """Wait for `wake`, but not for longer than this."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    async def claim(self) -> OutgoingMail | None:
        """Claim the mail that has been due for the longest time; no other worker gets it before
        the lease ends.
        """
        async with self._database.transaction() as db:
            mail = await db.scalar(
                select(OutgoingMail)
                .where(OutgoingMail.done_at.is_(None), OutgoingMail.due_at <= now())
                .order_by(OutgoingMail.due_at, OutgoingMail.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if mail is not None:
                mail.due_at = now() + LEASE
                mail.tries += 1
            return mail

    async def delivered(self, mail: OutgoingMail, *, keep_texts: bool) -> None:
        """Note that a claimed mail was delivered, and blank its texts."""
        texts = {} if keep_texts else {"text": "", "html": ""}
        await self._change(mail, done_at=now(), error="", **texts)

    async def failed(self, mail: OutgoingMail, why: str, *, for_good: bool) -> bool:
        """Record a failed attempt; returns whether it was the last one."""
        at = now() + min(FIRST_WAIT * 2 ** (mail.tries - 1), LONGEST_WAIT)
        given_up = for_good or at >= mail.expires_at
        if given_up:
            await self._change(mail, done_at=now(), error=why[:255], text="", html="")
        else:
            await self._change(mail, due_at=at, error=why[:255])
        return given_up

    async def next_due(self) -> datetime | None:
        """When the next mail is due; None without one."""
        async with self._database.reading() as db:
            return await db.scalar(
                select(func.min(OutgoingMail.due_at)).where(OutgoingMail.done_at.is_(None))
            )

    async def forget_old(self) -> None:
        """Delete the rows of mails that were done long ago."""
        async with self._database.transaction() as db:
            await db.execute(delete(OutgoingMail).where(OutgoingMail.done_at < now() - KEPT))

    async def _change(self, mail: OutgoingMail, **values: object) -> None:
        async with self._database.transaction() as db:
            await db.execute(
                update(OutgoingMail)
                # Only as long as the claim is this worker's: another one may have taken over.
                .where(OutgoingMail.id == mail.id, OutgoingMail.tries == mail.tries)
                .values(**values)
                .execution_options(synchronize_session=False)
            )

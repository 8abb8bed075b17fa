"""The log of sign-in events and the audit log of admins. They contain no secrets."""

import logging
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts.browser.visit import Visit
from duplex.accounts.services import Services
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.lengths import ADDRESS_MAX, DETAIL_MAX
from duplex.accounts.tables.records import AuditEvent, SignInEvent

logger = logging.getLogger("duplex.accounts")

Kind = Literal[
    "signed_up",
    "signed_in",
    "confirmed",
    "refused",
    "limited",
    "mail_requested",
    "signed_out",
    "revoked",
    "reused",
    "password_changed",
    "email_changed",
    "email_verified",
    "method_added",
    "method_removed",
    "recovery_code_used",
]


def record(
    db: AsyncSession,
    visit: Visit,
    kind: Kind,
    *,
    user_id: str | None = None,
    email: str = "",
    detail: str = "",
) -> None:
    """Store an event in a transaction, and write it to the process's log."""
    # Some details quote a client: keep one line in the log, and no NUL for PostgreSQL.
    detail = "".join(one if one.isprintable() else "?" for one in detail)
    db.add(
        SignInEvent(
            kind=kind,
            user_id=user_id,
            email=email,
            detail=detail[:DETAIL_MAX],
            address=visit.address[:ADDRESS_MAX],
            user_agent=visit.user_agent,
        )
    )
    logger.info("%s user=%s from=%s %s", kind, user_id or email or "-", visit.address, detail)


async def record_alone(
    services: Services,
    visit: Visit,
    kind: Kind,
    *,
    user_id: str | None = None,
    email: str = "",
    detail: str = "",
) -> None:
    """`record` in a transaction of its own: for requests that change nothing else."""
    async with services.database.transaction() as db:
        record(db, visit, kind, user_id=user_id, email=email, detail=detail)


def audit(
    db: AsyncSession,
    action: str,
    *,
    actor: Account | None,
    subject: Account,
    detail: str = "",
    address: str = "",
) -> None:
    """Store an action of an admin. Without an actor it was a setting or the command line."""
    db.add(
        AuditEvent(
            action=action,
            actor_id=actor.id if actor else None,
            actor=actor.email if actor else "",
            subject_id=subject.id,
            subject=subject.email,
            detail=detail,
            address=address,
        )
    )

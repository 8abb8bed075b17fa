"""The first admin: without one, nobody could make anybody an admin."""

import logging
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from duplex.accounts.emails import EMAIL
from duplex.accounts.events import audit
from duplex.accounts.methods.base import Method
from duplex.accounts.services import Services
from duplex.accounts.tables.records import AuditEvent
from duplex.web.database import now
from duplex.web.starting import CannotStart

logger = logging.getLogger(__name__)

_ACTION = "first_admin_created"


async def create_first_admin(services: Services, methods: Sequence[Method]) -> None:
    """Make the account of `FIRST_ADMIN_EMAIL`, once.

    An existing account stays as it is. Nor is the account made again when it has got another
    address in the meantime: the audit log tells that it was made.
    """
    settings = services.settings
    if settings.first_admin_email is None:
        return
    try:
        email = EMAIL.validate_python(settings.first_admin_email)
    except ValueError:
        raise CannotStart("FIRST_ADMIN_EMAIL: the value is not an e-mail address") from None
    users = services.users
    try:
        async with services.database.transaction() as db:
            made = select(AuditEvent.id).where(
                AuditEvent.action == _ACTION, AuditEvent.subject == email
            )
            there = select(users.id).where(users.email == email)
            if await db.scalar(made.limit(1)) or await db.scalar(there):
                return
            # Whoever sets up the server answers for the address.
            user = users(email=email, name="Admin", is_admin=True, email_verified_at=now())
            db.add(user)
            await db.flush()
            for method in methods:
                await method.equip(services, db, user)
            audit(db, _ACTION, actor=None, subject=user)
    except IntegrityError:
        # Another worker, which started at the same moment, was faster.
        return
    logger.info("made the first admin, %s", email)
